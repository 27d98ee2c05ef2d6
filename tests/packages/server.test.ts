import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

import { serveRepository } from "../../sandbox/packages/server";

const log: string[] = [];
let directory: string;
let server: Server;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "soar-server-"));
  const tree = path.join(directory, "apt");
  await mkdir(path.join(tree, "pool"), { recursive: true });
  await writeFile(path.join(tree, "pool/a b+1.deb"), "package");
  await writeFile(path.join(directory, "outside"), "outside");
  await symlink("../outside", path.join(tree, "link"));
  server = await serveRepository(tree, "127.0.0.1", 0, (line) => log.push(line));
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

/** Asks for a path exactly as it is written: `fetch` would resolve the dots itself. */
function ask(
  url: string,
  method = "GET",
): Promise<{ status: number | undefined; length?: string; body: string }> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, path: url, method, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      const length = response.headers["content-length"];
      response.on("end", () => {
        resolve({ status: response.statusCode, body, ...(length === undefined ? {} : { length }) });
      });
    });
    call.on("error", reject).end();
  });
}

it("serves a file, decoding its name", async () => {
  expect(await ask("/pool/a%20b+1.deb")).toEqual({ status: 200, length: "7", body: "package" });
});

it("answers HEAD with the size alone", async () => {
  expect(await ask("/pool/a%20b+1.deb", "HEAD")).toEqual({ status: 200, length: "7", body: "" });
});

it.each([
  "/missing",
  "/",
  "/pool",
  "/../outside",
  "/..%2foutside",
  "/%2e%2e/outside",
  "/pool/../../outside",
  "/link",
  "//etc/passwd",
  "/%00",
  "/%zz",
])("has no %s", async (url) => {
  expect(await ask(url)).toMatchObject({ status: 404, body: "" });
});

it.each(["PUT", "POST", "DELETE"])("refuses %s", async (method) => {
  expect(await ask("/pool/a%20b+1.deb", method)).toMatchObject({ status: 405 });
});

it("tells the log each request", async () => {
  log.length = 0;
  await ask("/missing");
  await expect.poll(() => log).toEqual(["GET /missing 404"]);
});

it("says so when the port is taken", async () => {
  const { port } = server.address() as AddressInfo;
  await expect(serveRepository(directory, "127.0.0.1", port)).rejects.toThrow("EADDRINUSE");
});
