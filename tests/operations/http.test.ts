import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HostHttp, parseAnswers } from "../../operations/verify/http";

/** This machine as the host. */
async function runHere(command: string, stdin: string): Promise<Buffer> {
  const child = spawn("/bin/sh", ["-c", command], { stdio: ["pipe", "pipe", "inherit"] });
  const printed: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => printed.push(chunk));
  child.stdin.end(stdin);
  await once(child, "close");
  return Buffer.concat(printed);
}

describe("HTTP as the host asks", () => {
  const http = new HostHttp(runHere);
  const bytes = Buffer.from([0, 1, 2, 0xff, 0x0a, 0x0a]);
  let server: Server;
  let url = "";
  let busy = 2;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const { method, headers } = request;
        if (request.url !== "/none") response.setHeader("Content-Type", "application/octet-stream");
        if (request.url === "/bytes") response.end(bytes);
        else if (request.url === "/back") response.end(Buffer.concat(parts));
        else if (request.url === "/echo")
          response.end(JSON.stringify({ method, headers, body: String(Buffer.concat(parts)) }));
        else if (request.url === "/busy") response.writeHead(busy-- > 0 ? 503 : 200).end("turn");
        else if (request.url === "/none") response.writeHead(404).end();
        // Anything else is left without an answer.
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test("brings bytes as they are, of all requests at once and in their order", async () => {
    const start = Date.now();
    const requests = ["/bytes", "/silent", "/none", "/busy"].map((path) => ({
      url: url + path,
      seconds: 2,
      busySeconds: 5,
    }));
    const [plain, silent, none, turn, closed] = await http.ask([...requests, { url: "http://127.0.0.1:1/" }]);
    expect(Date.now() - start).toBeLessThan(10_000);
    expect(plain).toMatchObject({
      status: 200,
      contentType: "application/octet-stream",
      body: bytes,
      error: undefined,
    });
    expect(silent).toMatchObject({ status: 0, isTooLate: true, isRefused: false });
    expect(none).toMatchObject({ status: 404, contentType: "", body: Buffer.alloc(0) });
    // Busy twice, and then it had its turn.
    expect(turn).toMatchObject({ status: 200, body: Buffer.from("turn") });
    expect(closed).toMatchObject({
      status: 0,
      isRefused: true,
      error: expect.stringContaining("(7)") as unknown,
    });
  });

  test("sends what is sent, whatever is in it, and shows no password on a command line", async () => {
    const body = JSON.stringify({
      selector: '{service_name="soar-run"}',
      text: "it's $HOME `id` \\n %s \u00e9",
    });
    const user = { name: "soar", password: `p"a\\s's $w#rd` };
    let lines = "";
    const watched = new HostHttp(async (command, stdin) => {
      lines += command;
      return runHere(command, stdin);
    });
    const [answer] = await watched.ask([
      { url: `${url}/echo`, body, user, headers: { "X-Scope-OrgID": "a'b" } },
    ]);
    const echo = JSON.parse(String(answer?.body)) as {
      method: string;
      headers: IncomingHttpHeaders;
      body: string;
    };
    expect(echo.method).toBe("POST");
    expect(echo.body.trimEnd()).toBe(body);
    expect(echo.headers).toMatchObject({ "content-type": "application/json", "x-scope-orgid": "a'b" });
    const [, encoded = ""] = echo.headers.authorization?.split(" ") ?? [];
    expect(Buffer.from(encoded, "base64").toString()).toBe(`${user.name}:${user.password}`);
    expect(lines).toBe("sh -s");
  });

  test("sends bytes as they are", async () => {
    const body = Buffer.from(Array.from({ length: 1_000 }, (_, i) => i % 256));
    const [answer] = await http.ask([{ url: `${url}/back`, body }]);
    expect(answer).toMatchObject({ status: 200, body });
  });

  test("says when the host did not answer as it was asked", () => {
    expect(() => parseAnswers(Buffer.from("sh: 1: mktemp: not found\n"), 1)).toThrow(
      "the host answered otherwise than by HTTP answers: sh: 1: mktemp: not found",
    );
    expect(() => parseAnswers(Buffer.from("0 0 100 0 200 0.1 text/plain\nshort"), 1)).toThrow("was cut off");
  });
});
