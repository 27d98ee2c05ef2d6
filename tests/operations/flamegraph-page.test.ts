import { once } from "node:events";
import { chown, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openInBrowser, opener } from "../../operations/flamegraph/browser";
import { type Page, servePage } from "../../operations/flamegraph/server";
import { writeForUser } from "../../operations/flamegraph/user";

describe("the page of a profile", () => {
  const name = "soar-run.cpu.pb.gz";
  const content = Buffer.from([0x1f, 0x8b, 0, 1]);
  let page: Page;
  let base: URL;

  beforeAll(async () => {
    page = await servePage({ name, title: "soar-run cpu, 15m & more", content });
    base = new URL(page.url);
    base.hash = "";
  });
  afterAll(() => page.end());

  /** The path as it is written: `fetch` would tidy it up. */
  const status = async (at: string, method = "GET"): Promise<number | undefined> => {
    const asked = request(base.origin, { method, path: at }).end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };

  test("is speedscope's, which is told where the profile is", async () => {
    expect(page.url).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/#profileURL=soar-run\.cpu\.pb\.gz&title=soar-run%20cpu%2C%2015m%20%26%20more&view=left-heavy$/,
    );
    const html = await fetch(base);
    expect(html.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const text = await html.text();
    expect(text).toContain("<title>speedscope</title>");
    const parts = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part ?? "");
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) expect((await fetch(new URL(part, base))).status, part).toBe(200);
    const profile = await fetch(new URL(name, base));
    // With an encoding, the browser would unpack it, and speedscope get what it does not expect.
    expect(profile.headers.get("content-encoding")).toBeNull();
    expect(Buffer.from(await profile.arrayBuffer())).toEqual(content);
  });

  test("is nowhere else", async () => {
    const { pathname } = base;
    const other = pathname.replace(/[0-9a-f]/g, "0");
    const paths = ["/", "/index.html", `/${name}`, other + name, `${pathname}../${name}`, `${pathname}none`];
    for (const at of [...paths, `${pathname}../../package.json`, `${pathname}%2e%2e/package.json`])
      expect(await status(at), at).toBe(404);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
      expect(await status(pathname + name, method), method).toBe(405);
  });

  test("is where the first one is sent to that asks at its other address, and nobody after that", async () => {
    const { pathname } = new URL(page.once);
    expect(page.once).toBe(`${base.origin}${pathname}`);
    expect(pathname).toMatch(/^\/[0-9a-f]{32}\/$/);
    expect(pathname).not.toBe(base.pathname);
    for (const at of [`${pathname}index.html`, pathname + name]) expect(await status(at), at).toBe(404);
    expect(await status(pathname, "HEAD")).toBe(405);
    const first = await fetch(page.once, { redirect: "manual" });
    expect(first.status).toBe(303);
    expect(base.origin + (first.headers.get("location") ?? "")).toBe(page.url);
    expect(first.headers.get("cache-control")).toBe("no-store");
    expect(await status(pathname)).toBe(404);
    expect(await status(base.pathname)).toBe(200);
  });

  test("has an address of its own each time, and is gone when it has ended", async () => {
    const other = await servePage({ name, title: "", content });
    expect(new URL(other.url).pathname).not.toBe(base.pathname);
    await other.end();
    await expect(fetch(other.url)).rejects.toThrow();
  });
});

describe("a file of a profile", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "profile-"));
  });
  afterAll(() => rm(directory, { recursive: true }));
  const sudo = { SUDO_UID: "1234", SUDO_GID: "1235" };

  test("is written, also where there is one already", async () => {
    const file = path.join(directory, "again.pb.gz");
    for (const content of ["first and longer", "second"]) {
      await writeForUser(file, Buffer.from(content), {});
      expect(await readFile(file, "utf8")).toBe(content);
    }
    const missing = path.join(directory, "none", "a.pb.gz");
    await expect(writeForUser(missing, Buffer.from(""), {})).rejects.toThrow(
      `ENOENT: no such file or directory, open '${missing}'`,
    );
  });

  test.skipIf(process.getuid?.() !== 0)("is of the user who called sudo, unless it was there", async () => {
    const owner = async (file: string): Promise<number[]> => {
      const { uid, gid } = await stat(file);
      return [uid, gid];
    };
    const file = path.join(directory, "sudo.pb.gz");
    await writeForUser(file, Buffer.from("a"), sudo);
    expect(await owner(file)).toEqual([1234, 1235]);
    await chown(file, 1, 2);
    await writeForUser(file, Buffer.from("b"), sudo);
    expect(await owner(file)).toEqual([1, 2]);
    expect(await readFile(file, "utf8")).toBe("b");
    await writeForUser("/dev/null", Buffer.from("c"), sudo);
    expect(await owner("/dev/null")).toEqual([0, 0]);
  });

  test.skipIf(process.getuid?.() === 0)("is one's own without sudo, whatever its variables say", async () => {
    const file = path.join(directory, "own.pb.gz");
    await writeForUser(file, Buffer.from("a"), sudo);
    expect((await stat(file)).uid).toBe(process.getuid?.());
  });
});

describe("the browser", () => {
  test("is opened only where there is a screen", () => {
    expect(opener({}, "linux")).toBeUndefined();
    expect(opener({ DISPLAY: "", WAYLAND_DISPLAY: "" }, "linux")).toBeUndefined();
    expect(opener({ DISPLAY: ":0" }, "linux")).toBe("xdg-open");
    expect(opener({ WAYLAND_DISPLAY: "wayland-0" }, "linux")).toBe("xdg-open");
    expect(opener({}, "darwin")).toBe("open");
  });

  test("is told the address, and nothing is said where there is none", async () => {
    const bin = await mkdtemp(path.join(tmpdir(), "browser-"));
    const env = { DISPLAY: ":0", PATH: `${bin}:${process.env["PATH"] ?? ""}` };
    const told = path.join(bin, "told");
    const url = "http://127.0.0.1:1/secret/#title=a&b";
    try {
      openInBrowser(url, { ...env, PATH: bin }, "linux");
      const script = `#!/bin/sh\necho "$1" >"${told}.new" && mv "${told}.new" "${told}"\n`;
      await writeFile(path.join(bin, "xdg-open"), script, { mode: 0o755 });
      openInBrowser(url, env, "linux");
      await expect.poll(() => readFile(told, "utf8").catch(() => ""), { timeout: 5_000 }).toBe(`${url}\n`);
    } finally {
      await rm(bin, { recursive: true });
    }
  });
});
