import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { readScript } from "../../components/host/scripts";
import { minimal, stackOf } from "./stack";

describe("what a stack asks its services for before anything is changed", { timeout: 30_000 }, () => {
  const preflight = async (values: object, references = {}): Promise<Record<string, unknown>> => {
    const resources = await stackOf({ ...minimal, ...values }, {}, references);
    return resources.find(({ name }) => name === "soar-host-setup")?.inputs ?? {};
  };
  const service = { name: "soar-run", port: 9091, address: "::1", profiles: ["cpu", "heap"], duration: "7s" };

  it("is each kind of profile, as Alloy asks for it", async () => {
    const { stdin } = await preflight({ services: [service] });
    expect(stdin).toContain(
      "<<'end of endpoints'\nsoar-run http://[::1]:9091/debug/pprof/profile 7\nsoar-run http://[::1]:9091/debug/pprof/heap 0\nend of endpoints\n",
    );
  });

  it("is a Content-Type where the Alloy wants it, which may be another stack's, and a size where Pyroscope is ours", async () => {
    const words = async (values: object, version?: string): Promise<string | undefined> => {
      const platform = {
        alloy: { version, httpPort: 12345 },
        pyroscopeUrl: "http://127.0.0.1:4040",
        authenticates: false,
      };
      const { create } = await preflight(values, { "org/soar-profiling/prod": { platform } });
      return /endpoints \S+ \S+/.exec(String(create))?.[0];
    };
    expect(await words({ alloy: { version: "1.10.0" } })).toBe("endpoints - 4194304");
    expect(await words({ alloy: { version: "1.11.0" } })).toBe("endpoints application/octet-stream 4194304");
    const shared = { platform: { stack: "org/soar-profiling/prod" } };
    expect(await words(shared, "1.10.0-1")).toBe("endpoints - 4194304");
    expect(await words(shared, "1.18.1-1")).toBe("endpoints application/octet-stream 4194304");
    expect(await words({ pyroscope: { remote: { url: "https://pyroscope.example" } } })).toBe(
      "endpoints - 0",
    );
  });

  it("is the same for another interval, label or order of settings, and so not asked again", async () => {
    const before = await preflight({ services: [service] });
    const other = { ...service, interval: "90s", labels: { team: "ogn" }, metrics: true };
    expect(await preflight({ services: [other] })).toEqual(before);
    expect(await preflight({ services: [{ ...service, duration: "8s" }] })).not.toEqual(before);
  });

  it("is nothing of a service without profiles, and need not be there where that may be away", async () => {
    const { stdin } = await preflight({
      services: [
        { name: "soar-web", port: 9092, profiles: [], metrics: true },
        { name: "soar-pull-data", port: 9093, schedule: "intermittent" },
      ],
    });
    expect(stdin).toContain(
      "<<'end of endpoints'\nsoar-pull-data http://127.0.0.1:9093/debug/pprof/profile 5 may-be-away\nend of endpoints\n",
    );
  });

  it("does not lengthen the command line, which has room for 128 KiB", async () => {
    const services = Array.from({ length: 1000 }, (_, n) => ({ name: `service-${n}`, port: 20_000 + n }));
    const pyroscope = { retention: "1h", diskBudget: "2GiB" };
    const { create, stdin } = await preflight({ services, pyroscope });
    expect(String(create).length).toBeLessThan(1_500);
    expect(String(stdin)).toContain("service-999 http://127.0.0.1:20999/debug/pprof/profile 5\n");
  });
});

describe("an endpoint", { timeout: 30_000 }, () => {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });

  const listening = async (server: Server): Promise<number> => {
    servers.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const serving = (listener: RequestListener): Promise<number> => listening(createServer(listener));

  /** What the preflight's part says of it: findings and warnings, a line each. */
  const asked = async (
    port: number,
    {
      type = "application/octet-stream",
      seconds = 0,
      path = "/usr/bin:/bin",
      isThere = true,
      presence = "",
    } = {},
  ): Promise<string> => {
    const script = [
      'finding() { echo "finding: $1"; }',
      'warning() { echo "warning: $1"; }',
      'note() { echo "note: $1"; }',
      readScript("endpoints.sh"),
      `sockets='127.0.0.1 ${isThere ? port : 1} 7 name'`,
      `endpoints='one http://127.0.0.1:${port}/profile ${seconds} ${presence}'`,
      `check_endpoints "${type}" 1000000 CORRECT ADAPT`,
    ];
    const shell = spawn("/bin/sh", ["-c", script.join("\n")], {
      env: { PATH: path, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const said: Buffer[] = [];
    shell.stdout.on("data", (data: Buffer) => said.push(data));
    await once(shell, "close");
    return Buffer.concat(said).toString().trim();
  };
  const octets = { "Content-Type": "application/octet-stream" };

  it("is taken with what is wanted, at the end of a redirection too", async () => {
    const port = await serving((request, response) => {
      if (request.url === "/there") response.writeHead(200, octets).end(gzipSync(Buffer.alloc(1_000_000, 1)));
      else response.writeHead(302, { Location: "/there" }).end();
    });
    expect(await asked(port)).toBe("");
  });

  it("is refused with more than is taken, compressed or not", async () => {
    const packed = await serving((_, response) => {
      response.writeHead(200, octets).end(gzipSync(Buffer.alloc(1_000_001, 1)));
    });
    const plain = await serving((_, response) => {
      response.writeHead(200, octets).end(Buffer.alloc(5_000_000, 1));
    });
    for (const port of [packed, plain]) {
      expect(await asked(port)).toBe(
        `finding: one: http://127.0.0.1:${port}/profile answers with more than the 1000000 bytes that are taken: ` +
          "let it send less (a shorter time, fewer or shallower stacks)",
      );
    }
  });

  it("is refused where it is another program: one that breaks off, and one that shows its login page", async () => {
    const other = await listening(
      createTcpServer((socket) => void socket.on("data", () => socket.destroy())),
    );
    expect(await asked(other)).toMatch(/^finding: one: \S+ gives no answer \(curl: \(\d+\) .+\): CORRECT$/);
    const page = await serving((_, response) => {
      response.writeHead(200, octets).end("<!DOCTYPE html>");
    });
    expect(await asked(page)).toMatch(
      /answers 200 with application\/octet-stream \(15 bytes\), a text or a picture: CORRECT$/,
    );
  });

  it("is refused with an empty answer, and with another type where one is wanted", async () => {
    const empty = await serving((_, response) => void response.writeHead(200, octets).end());
    expect(await asked(empty)).toMatch(/answers 200 with application\/octet-stream \(0 bytes\): CORRECT$/);
    const typed = { "Content-Type": "application/x-protobuf" };
    const port = await serving((_, response) => void response.writeHead(200, typed).end("\n\x04"));
    expect(await asked(port, { type: "-" })).toBe("");
    expect(await asked(port)).toMatch(
      /application\/octet-stream is wanted: let it send Content-Type: application\/octet-stream$/,
    );
  });

  it("is asked again while it is busy, and taken in the end", async () => {
    let times = 0;
    const port = await serving((_, response) => {
      times += 1;
      if (times < 4) response.writeHead(503).end("busy");
      else response.writeHead(200, octets).end("\n\x04");
    });
    expect(await asked(port)).toBe("");
    expect(times).toBe(4);
  });

  it("is asked for the time that is to be measured, and has to take it", async () => {
    const urls: (string | undefined)[] = [];
    const port = await serving((request, response) => {
      urls.push(request.url);
      setTimeout(() => response.writeHead(200, octets).end("\n\x04"), 2_000);
    });
    expect(await asked(port, { seconds: 2 })).toBe("");
    expect(await asked(port, { seconds: 10 })).toMatch(/answers after 2\.\d s when asked for 10 s: ADAPT$/);
    expect(urls).toEqual(["/profile?seconds=2", "/profile?seconds=10"]);
  });

  it("that may be away is noted where it is, also when it ends while it is asked, and refused with a wrong answer", async () => {
    const presence = "may-be-away";
    const away = (port: number): string =>
      `note: these are away, as they may be: one (127.0.0.1:${port}); what they serve was not looked at`;
    const ending = await listening(
      createTcpServer((socket) => void socket.on("data", () => socket.destroy())),
    );
    expect(await asked(ending, { presence })).toBe(away(ending));
    expect(await asked(ending, { presence, isThere: false })).toBe(away(ending));
    const failing = await serving((_, response) => void response.writeHead(500).end("no"));
    expect(await asked(failing, { presence })).toMatch(
      /^finding: one: \S+ answers 500 with no Content-Type /,
    );
  });

  it("that nobody serves yet is a warning, and needs no curl; one that is served does", async () => {
    const port = await serving(() => undefined);
    const later = `warning: nothing listens yet where these are to be asked: one (127.0.0.1:${port}); what they serve was not looked at`;
    expect(await asked(port, { isThere: false })).toBe(later);
    const path = await mkdtemp(join(tmpdir(), "soar-no-curl-"));
    for (const tool of ["mktemp", "rm", "sed", "sort", "wc", "head", "paste"]) {
      await symlink(`/usr/bin/${tool}`, join(path, tool)).catch(() =>
        symlink(`/bin/${tool}`, join(path, tool)),
      );
    }
    expect(await asked(port, { path, isThere: false })).toBe(later);
    expect(await asked(port, { path })).toBe(
      "finding: curl is missing, which asks for what is served by one: apt-get install curl",
    );
    await rm(path, { recursive: true });
  });
});
