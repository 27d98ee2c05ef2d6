import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, describe, expect, test } from "vitest";
import { readScript } from "../../components/host/scripts";
import { renderCurlOptions } from "../../render/prometheus/curl-options";
import { scratchDirectory } from "./scratch";
import { minimal, stackOf } from "./stack";

const s3 = {
  endpoint: "https://s3.example:9000",
  bucket: "profiles",
  region: "eu-test",
  prefix: "prod/a",
  accessKeyId: "soar",
};
const secretKey = `se"cr$et'\\x`;

describe("a stack with a bucket", () => {
  const ofStack = async (version = "1.21.1") => {
    const values = { ...minimal, pyroscope: { version, storage: { s3 } } };
    const resources = await stackOf(values, { s3SecretKey: pulumi.secret(pulumi.output(secretKey)) });
    const inputs = (name: string): { create: string; stdin: string; isSecret: boolean } => {
      const { create, stdin } = resources.find((resource) => resource.name === name)?.inputs ?? {};
      const isSecret = typeof stdin === "object";
      const text = isSecret ? (stdin as { secret: string }).secret : (stdin as string);
      return { create: create as string, stdin: text, isSecret };
    };
    return { setup: inputs("soar-host-setup"), pyroscope: inputs("soar-platform-pyroscope-config-files") };
  };

  test.each(["1.21.1", "2.0.6"])(
    "gives Pyroscope %s the key by the unit's environment, for root alone",
    async (version) => {
      const { pyroscope } = await ofStack(version);
      const { stdin: text, isSecret } = pyroscope;
      expect(isSecret).toBe(true);
      expect(text).toContain("file 0600 root:root restart /etc/pyroscope/s3.env\n");
      // YAML in double quotes, in systemd's single ones.
      expect(text).toContain(`\n  SOAR_PROFILING_S3_SECRET_KEY='"se\\"cr\\u0024et\\u0027\\\\x"'\n`);
      expect(text).toContain(
        "\n  EnvironmentFile=/etc/pyroscope/s3.env\n  ExecStart=\n  ExecStart=/usr/bin/pyroscope -config.file ",
      );
      expect(text).toContain(
        "\nvalidate /usr/bin/pyroscope -config.file /etc/pyroscope/config.yml -config.expand-env -modules\n",
      );
      expect(text).toContain("\nsecret yes\n");
      expect(text.split('se\\"cr').length).toBe(2);
      expect(pyroscope.create).not.toContain("cr");
    },
  );

  test("has it tried first, and the key on no command line", async () => {
    const { setup } = await ofStack();
    expect(setup.isSecret).toBe(true);
    expect(setup.create).toContain(
      " -- object-storage https://s3.example:9000 eu-test profiles prod/a pyroscope.storage.s3 s3SecretKey /var/lib/pyroscope /etc/pyroscope/config.yml port ",
    );
    expect(setup.create).not.toContain("cr$et");
    expect(setup.stdin).toContain(
      `storage_login=$(cat <<'end of storage login'\n# Managed by soar-profiling`,
    );
    expect(setup.stdin).toContain(`user = "soar:se\\"cr$et'\\\\x"\n`);
  });

  test("without one, nothing of it is there", async () => {
    const resources = await stackOf(minimal);
    const all = JSON.stringify(resources);
    for (const word of ["object-storage", "storage_login", "s3.env", "expand-env"])
      expect(all).not.toContain(word);
  });
});

describe("the preflight of a bucket", () => {
  const place = scratchDirectory();
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });

  interface Asked {
    method: string;
    url: string;
    authorization: string;
    sum: string;
    body: string;
  }

  /** A server that has what it was given, unless `refuse` says otherwise. */
  const storage = async (
    refuse: (asked: Asked) => { status: number; code?: string; more?: string } | undefined,
  ): Promise<{ url: string; asked: Asked[] }> => {
    const asked: Asked[] = [];
    const objects = new Map<string, string>();
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += String(chunk)));
      request.on("end", () => {
        const { method = "", url = "", headers } = request;
        const one = {
          method,
          url,
          authorization: headers.authorization ?? "",
          sum: String(headers["x-amz-content-sha256"]),
          body,
        };
        asked.push(one);
        const refused = refuse(one);
        if (refused !== undefined) {
          const { status, code = "", more = "" } = refused;
          response.writeHead(status, { Date: "Thu, 01 Jan 2026 00:00:00 GMT" });
          response.end(
            `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>its words</Message>${more}</Error>`,
          );
        } else if (method === "PUT") {
          objects.set(url, body);
          response.end();
        } else if (method === "DELETE") response.writeHead(objects.delete(url) ? 204 : 404).end();
        else if (url.includes("?")) response.end("<ListBucketResult/>");
        else response.end(objects.get(url));
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
  };

  /** What it says of a bucket. */
  const told = async (url: string, prefix = "prod/a", directory = place("none")): Promise<string> => {
    const login = renderCurlOptions({
      environment: "test",
      user: "soar",
      password: secretKey,
      insecureSkipVerify: false,
    });
    const script = [
      "set -eu; sudo=; storage_login=$LOGIN",
      'finding() { echo "finding: $1"; }; note() { echo "note: $1"; }; warning() { echo "warning: $1"; }',
      readScript("past.sh"),
      readScript("object-storage.sh"),
      'echo "rest: $*"',
    ].join("\n");
    const words = [
      "object-storage",
      url,
      "eu-test",
      "profiles",
      prefix,
      "storage.s3",
      "theKey",
      directory,
      place("no.yml"),
    ];
    const child = spawn("sh", ["-c", script, "sh", ...words, "port", "1"], {
      env: { ...process.env, LOGIN: login },
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (said += String(chunk)));
    await new Promise((resolve) => child.once("close", resolve));
    expect(said).not.toContain("cr$et");
    return said;
  };

  test("writes, lists, reads and deletes one object below the prefix, and leaves the other words", async () => {
    const { url, asked } = await storage(() => undefined);
    expect(await told(url)).toBe("rest: port 1\n");
    const [name = ""] = asked.map((one) => one.url);
    expect(name).toMatch(/^\/profiles\/prod\/a\/soar-profiling-check-[0-9a-f-]{36}$/);
    expect(asked.map(({ method, url: at }) => `${method} ${at}`)).toEqual([
      `PUT ${name}`,
      "GET /profiles?list-type=2&max-keys=1",
      `GET ${name}`,
      `DELETE ${name}`,
    ]);
    for (const { authorization, sum } of asked) {
      expect(authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=soar\/\d{8}\/eu-test\/s3\/aws4_request, /);
      expect(sum).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  test("without a prefix, the object is at the top", async () => {
    const { url, asked } = await storage(() => undefined);
    expect(await told(url, "")).toBe("rest: port 1\n");
    expect(asked[0]?.url).toMatch(/^\/profiles\/soar-profiling-check-/);
  });

  test.each([
    ["NoSuchBucket", 404, "", "there is no bucket profiles at URL: make it, or correct storage.s3.bucket"],
    ["InvalidAccessKeyId", 403, "", "URL does not know the access key ID: correct storage.s3.accessKeyId"],
    [
      "SignatureDoesNotMatch",
      403,
      "",
      "URL says that the secret key is not that of the access key ID: correct the secret theKey, or storage.s3.accessKeyId",
    ],
    [
      "AuthorizationHeaderMalformed",
      400,
      "<Region>eu-right</Region>",
      "the bucket profiles is in another region than eu-test, in eu-right: correct storage.s3.region, and storage.s3.endpoint if it names one",
    ],
    [
      "AccessDenied",
      403,
      "",
      "the access key may not write objects in the bucket profiles: give it s3:ListBucket on the bucket, and s3:PutObject, s3:GetObject and s3:DeleteObject on its objects",
    ],
    [
      "SlowDown",
      503,
      "",
      "URL does not let write objects in the bucket profiles: HTTP status 503, SlowDown (its words); correct storage.s3",
    ],
  ])("%s", async (code, status, more, words) => {
    const { url, asked } = await storage(() => ({ status, code, more }));
    expect(await told(url)).toBe(`finding: storage.s3: ${words.replaceAll("URL", url)}\nrest: port 1\n`);
    expect(asked.length).toBe(1);
  });

  test("a key that may not delete", async () => {
    const { url } = await storage(({ method }) =>
      method === "DELETE" ? { status: 403, code: "AccessDenied" } : undefined,
    );
    expect(await told(url)).toContain("the access key may not delete objects in the bucket profiles");
  });

  test.each([
    ["list", ({ url }: Asked) => url.includes("?")],
    ["read", ({ method, url }: Asked) => method === "GET" && !url.includes("?")],
  ])("a key that may not %s, and leaves no object", async (what, isRefused) => {
    const { url, asked } = await storage((one) =>
      isRefused(one) ? { status: 403, code: "AccessDenied" } : undefined,
    );
    const said = await told(url);
    expect(said).toContain(`the access key may not ${what} objects in the bucket profiles`);
    expect(said).not.toContain("note: ");
    expect(asked.at(-1)).toMatchObject({ method: "DELETE", url: asked[0]?.url });
  });

  test("an object that stays, because the key may neither read nor delete", async () => {
    const { url, asked } = await storage(({ method }) =>
      method === "PUT" ? undefined : { status: 403, code: "AccessDenied" },
    );
    expect(await told(url)).toContain(
      `note: storage.s3: the object ${asked[0]?.url.replace("/profiles/", "")}, which was written to try the bucket profiles, may be left there: delete it`,
    );
  });

  test("something that gives back another object", async () => {
    const { url, asked } = await storage(({ method, url: at }) =>
      method === "GET" && !at.includes("?") ? { status: 200 } : undefined,
    );
    expect(await told(url)).toContain(`${url} gives back another object than was written`);
    expect(asked.at(-1)).toMatchObject({ method: "DELETE", url: asked[0]?.url });
  });

  test("a clock that is wrong, with both times", async () => {
    const { url } = await storage(() => ({ status: 403, code: "RequestTimeTooSkewed" }));
    expect(await told(url)).toMatch(
      /the clocks are too far apart, so that \S+ refuses what this host signs: it is \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC here and Thu, 01 Jan 2026 00:00:00 GMT there; set the wrong one/,
    );
  });

  test("nothing that answers, no such name, no TLS", async () => {
    expect(await told("http://127.0.0.1:1")).toContain(
      "nothing answers at http://127.0.0.1:1: start the storage",
    );
    expect(await told("http://storage.invalid:1")).toContain(
      "this host finds no address of storage.invalid (",
    );
    const { url } = await storage(() => undefined);
    expect(await told(url.replace("http:", "https:"))).toContain("which may have to begin with http://");
  });

  test("blocks that the disk has from before", async () => {
    const { url } = await storage(() => undefined);
    const directory = place("pyroscope");
    for (const block of ["shared/anonymous/phlaredb/01A", "data/anonymous/local/01B"]) {
      mkdirSync(path.join(directory, block), { recursive: true });
      writeFileSync(path.join(directory, block, "meta.json"), "{}");
    }
    expect(await told(url, "", directory)).toBe(
      `note: ${directory}/shared has profiles from before the bucket (blocks: 1, 1 MiB): they stay there, and are not shown until they are copied ("Into a bucket" in docs/operations.md)\nrest: port 1\n`,
    );
  });
});
