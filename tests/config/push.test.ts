import { expect, test } from "vitest";
import { pushProblem } from "../../config/push";
import { accepted, issues, warnings } from "./sample";

const push = { port: 4100 };

test("is off until it has a port", () => {
  expect(accepted({ push: {} }).push).toBeUndefined();
  expect(accepted({ push }).push).toEqual(push);
  expect(issues({ push: { prot: 4100 } })).toEqual(['push.prot: is no setting: did you mean "port"?']);
  expect(issues({ push: 4100 })).toEqual(["push: must be a map with port, not 4100"]);
});

test("is reason enough for a stack without services", () => {
  expect(warnings({})).toHaveLength(1);
  expect(warnings({ push })).toEqual([]);
});

test.each([
  [
    { push: { port: 4040 } },
    "push.port: Alloy (pushed profiles) on 127.0.0.1:4040 collides with Pyroscope HTTP on 127.0.0.1:4040 (pyroscope.httpPort)",
  ],
  [
    { push: { port: 4318 }, traces: { url: "http://127.0.0.1:4320" } },
    "push.port: Alloy (pushed profiles) on 127.0.0.1:4318 collides with Alloy OTLP/HTTP on 127.0.0.1:4318 (traces.httpPort)",
  ],
  [
    { push, services: [{ name: "a", port: 4100 }] },
    "services[0].port: a on 127.0.0.1:4100 collides with Alloy (pushed profiles) on 127.0.0.1:4100 (push.port)",
  ],
  [
    { push, services: [{ name: "a", port: 4100, address: "127.0.0.2" }] },
    "services[0].port: a on 127.0.0.2:4100 collides with Alloy (pushed profiles, gRPC) on 127.0.0.2:4100 (push.port)",
  ],
  [
    { push, otherListeners: [{ name: "nginx", port: 4100 }] },
    "otherListeners[0].port: nginx on 0.0.0.0:4100 collides with Alloy (pushed profiles) on 127.0.0.1:4100 (push.port)",
  ],
])("%j: its port is its own", (values, collision) => {
  expect(issues(values)).toEqual([`${collision}: set another port for one of them`]);
});

test("is not where the profiles are sent to", () => {
  expect(issues({ push, pyroscope: { remote: { url: "http://127.0.0.1:4100" } } })).toEqual([
    "pyroscope.remote.url: port 4100 is Alloy (pushed profiles) (push.port), so that Alloy would send to itself: set the address of the remote Pyroscope",
  ]);
});

test("needs an Alloy that takes it", () => {
  const old =
    "needs Alloy 1.10 or later, and alloy.version is 1.9.2-1: set that, or alloy.stability to public-preview";
  expect(issues({ push, alloy: { version: "1.9.2-1" } })).toEqual([`push: ${old}`]);
  expect(issues({ alloy: { version: "1.9.2-1" } })).toEqual([]);
  expect(issues({ push, alloy: { version: "1.9.2-1", stability: "public-preview" } })).toEqual([]);
  // What an owner of a platform tells.
  expect(pushProblem({ version: "1.9.2-1" })).toBe(old);
  expect(pushProblem({ version: "1.10.0-1" })).toBeUndefined();
});
