import { BinaryReader } from "google-protobuf";
import { describe, expect, test } from "vitest";
import { mergeRequest } from "../../operations/flamegraph/request";
import { Pyroscope } from "../../operations/verify/pyroscope";
import { type HttpRequest, script } from "../../operations/verify/http";
import { answer } from "./answers";

const range = { start: Date.UTC(2026, 10, 25), end: Date.UTC(2026, 10, 25, 0, 15) };
const type = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";
const question = mergeRequest(type, { service_name: 'soar "run"', environment: "übung" }, range);

test("the request for a merged profile is the message that Pyroscope declares", () => {
  // Read by another library than what wrote it.
  const reader = new BinaryReader(new Uint8Array(question.body as Buffer));
  const fields: [number, string | number][] = [];
  while (reader.nextField()) {
    const field = reader.getFieldNumber();
    fields.push([field, field < 3 ? reader.readString() : reader.readInt64()]);
  }
  expect(question.path).toBe("/querier.v1.QuerierService/SelectMergeProfile");
  expect(fields).toEqual([
    [1, type],
    [2, '{service_name="soar \\"run\\"",environment="übung"}'],
    [3, range.start],
    [4, range.end],
  ]);
});

describe("a message to Pyroscope", () => {
  test("is sent as bytes, as whom the stack has, and with time to answer", async () => {
    const asked: HttpRequest[] = [];
    const http = {
      ask: (requests: readonly HttpRequest[]) => {
        asked.push(...requests);
        return Promise.resolve([answer("")]);
      },
    };
    const user = { name: "soar", password: "secret" };
    const address = { url: "https://pyroscope.example/prefix/", tenant: "team", user };
    await new Pyroscope(http, address).ask([{ ...question, seconds: 120 }]);
    expect(asked).toEqual([
      {
        url: "https://pyroscope.example/prefix/querier.v1.QuerierService/SelectMergeProfile",
        headers: { "X-Scope-OrgID": "team", "Content-Type": "application/proto" },
        user,
        body: question.body,
        seconds: 120,
      },
    ]);
  });

  test("goes through a shell as text", () => {
    const text = script([{ url: "http://127.0.0.1:4040/", body: Buffer.from([0, 10, 255]) }]);
    expect(text).toContain("base64 -d >0.data <<'end of data'\nAAr/\nend of data\n");
    expect(text).not.toContain("application/json");
  });
});
