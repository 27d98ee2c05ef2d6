import { expect, test } from "vitest";
import { findCollisions, hostPort, type Listener } from "../../config/ports";

function listener(text: string): Listener {
  const at = text.lastIndexOf(":");
  return { name: text, path: "", address: text.slice(0, at), port: Number(text.slice(at + 1)) };
}

test.each([
  [["127.0.0.1:1", "127.0.0.1:1"], [["127.0.0.1:1", "127.0.0.1:1"]]],
  [["0.0.0.0:1", "127.0.0.1:1"], [["0.0.0.0:1", "127.0.0.1:1"]]],
  [["127.0.0.1:1", "0.0.0.0:1"], [["127.0.0.1:1", "0.0.0.0:1"]]],
  [[":::1", "127.0.0.1:1"], [[":::1", "127.0.0.1:1"]]],
  [["::1:1", ":::1"], [["::1:1", ":::1"]]],
  [["localhost:1", "127.0.0.1:1"], [["localhost:1", "127.0.0.1:1"]]],
  [["::1:1", "0:0:0:0:0:0:0:1:1"], [["::1:1", "0:0:0:0:0:0:0:1:1"]]],
  [["127.0.0.1:1", "127.0.0.2:1"], []],
  [["127.0.0.1:1", "127.0.0.1:2"], []],
  [
    ["127.0.0.1:1", "127.0.0.2:1", "0.0.0.0:1", "127.0.0.3:1"],
    [
      ["127.0.0.1:1", "0.0.0.0:1"],
      ["0.0.0.0:1", "127.0.0.3:1"],
    ],
  ],
])("%j: collisions %j", (listeners, expected) => {
  const found = findCollisions(listeners.map(listener)).map(({ first, second }) => [first.name, second.name]);
  expect(found).toEqual(expected);
});

test("an IPv6 address is dialled in brackets", () => {
  expect(hostPort("::1", 9091)).toBe("[::1]:9091");
  expect(hostPort("127.0.0.1", 9091)).toBe("127.0.0.1:9091");
});
