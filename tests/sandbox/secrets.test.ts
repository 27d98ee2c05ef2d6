import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { onConsole } from "../../sandbox/host/console";
import { filesWith, journal, localFilesWith, sampleCommandLines } from "./harness/leaks";
import { recordPushes } from "./harness/pushes";
import { TestStack } from "./harness/stack";

/** Everything that a shell, YAML, JSON, Alloy or a log may take for its own. */
const hard = `'single' "double" $HOME \${x} \`id\` %s \\n \\\\ <&>|;#*\nsecond line\n\nümläut 日本 🛩 end`;
const label = `s3ntinelLabel ${hard}`;
const password = `s3ntinelPassword ${hard}`;
/** A text that is in each secret as it is, however it is written. */
const sentinels = ["s3ntinelLabel", "s3ntinelPassword"];
const profiles = "/etc/alloy/conf.d/sandbox-profiles.alloy";
const passwordFile = "/etc/alloy/secrets/pyroscope-password";
const records = "/var/lib/soar-profiling/sandbox/profiles";

describe("secrets, with a remote Pyroscope", async () => {
  const stack = await TestStack.create("secrets");
  const remote = await recordPushes(stack.host.gateway, 4100);
  const [first, second] = stack.setting("services") as object[];
  stack.configure(
    {
      pyroscope: { remote: { url: remote.url, tenant: "soar", user: "writer" } },
      services: [first, { ...second, labels: { note: `plain ${hard}` } }],
    },
    {
      pyroscopePassword: password,
      "services[0].labels.token": label,
    },
  );
  const key = (await readFile(stack.host.privateKeyFile, "utf8")).split("\n")[2] ?? "";
  const endSampling = await sampleCommandLines(stack);
  const authorization = (text: string): string => `Basic ${Buffer.from(`writer:${text}`).toString("base64")}`;
  const nowhere = async (text: string): Promise<void> => {
    expect(await localFilesWith(stack, text)).toEqual([]);
    expect(await stack.engineLog()).not.toContain(text);
    expect(await journal(stack)).not.toContain(text);
  };

  test("a secret where it would not stay one is refused by its field, before anything", async () => {
    const services = stack.setting("services") as object[];
    stack.configure({}, { "services[0].name": "s3ntinelName" });
    const said = await stack.upFails();
    expect(said).toContain(
      "- services[0].name: cannot be kept secret, for it is part of command lines and outputs",
    );
    expect(said).not.toContain("s3ntinel");
    stack.removeSecret("services[0].name");
    stack.configure({ services });
  });

  test("a preview with line diffs shows none of them", async () => {
    const { text } = await stack.preview();
    expect(text).toContain("soar-profiles-config-files");
    for (const sentinel of [...sentinels, key]) expect(text).not.toContain(sentinel);
  });

  test("password and tenant arrive at the remote Pyroscope, and nothing of a local one is installed", async () => {
    await stack.up();
    const outputs = await stack.outputs();
    expect(outputs["urls"]?.value).toMatchObject({ pyroscope: remote.url });
    expect(outputs["versions"]?.value).toEqual({ alloy: "1.10.0-1" });
    const { path, headers } = await remote.next(() => true);
    expect(path).toBe("/push.v1.PusherService/Push");
    expect(headers["x-scope-orgid"]).toBe("soar");
    expect(headers.authorization).toBe(authorization(password));
    expect(await stack.status("dpkg-query -W pyroscope")).not.toBe(0);
    expect(await stack.status("systemctl cat pyroscope.service")).not.toBe(0);
    expect(await stack.operator("ls -d /etc/pyroscope /var/lib/pyroscope 2>/dev/null || :")).toBe("");
    expect(await stack.operator("ss -Hltn 'sport = 4040 or sport = 4041'")).toBe("");
  });

  test("labels and password are on the host byte for byte", async () => {
    const bytes = Buffer.from(await stack.operator(`base64 -w0 ${passwordFile}`), "base64");
    expect(bytes.toString("utf8")).toBe(`${password}\n`);
    const ofFirst = await remote.next(({ body }) => body.includes("soar-run"));
    expect(ofFirst.body.includes(Buffer.from(label))).toBe(true);
    const ofSecond = await remote.next(({ body }) => body.includes("soar-web"));
    expect(ofSecond.body.includes(Buffer.from(`plain ${hard}`))).toBe(true);
    const component = "http://127.0.0.1:12345/api/v0/web/components/pyroscope.scrape.sandbox_CPU_soar__run";
    const seenByAlloy = JSON.stringify(JSON.parse(await stack.operator(`curl -sSf ${component}`)));
    expect(seenByAlloy).toContain(JSON.stringify(label));
  });

  test("only root and Alloy can read the files that hold them", async () => {
    expect(await filesWith(stack, ["s3ntinel", key])).toEqual([
      `640 root:alloy ${profiles}`,
      `640 root:alloy ${passwordFile}`,
    ]);
    expect(await filesWith(stack, ["s3ntinel", key], "nobody")).toEqual([]);
    expect(await stack.operator("stat -c '%a %U:%G' /etc/alloy/conf.d /etc/alloy/secrets")).toBe(
      "750 root:alloy\n750 root:alloy\n",
    );
  });

  test("a change of the password is used at once, and Alloy keeps running", async () => {
    const pid = await stack.pid("alloy.service");
    stack.configure({}, { pyroscopePassword: "s3ntinelPassword2" });
    expect((await stack.up()).changes["update"]).toBeGreaterThan(0);
    await remote.next(({ headers }) => headers.authorization === authorization("s3ntinelPassword2"));
    expect(await stack.pid("alloy.service")).toBe(pid);
  });

  test("an `up` that the validator refuses tells where, but not its words, which root finds on the host", async () => {
    const before = await stack.fingerprint([profiles, passwordFile], ["alloy.service"]);
    const alloy = stack.setting("alloy") as object;
    const text = `// fine\nprometheus.scrape "s3ntinelFragment" {\n  s3ntinelFragment = 1\n}\n`;
    stack.configure({ alloy }, { "alloy.fragments.extra": text });
    const said = await stack.upFails();
    expect(said).toContain("/etc/alloy/conf.d/sandbox-extra.alloy:3:");
    expect(said).toContain(`its words may quote a secret: root reads them on the host in ${records}/refused`);
    expect(said).toContain("nothing was changed");
    for (const sentinel of ["s3ntinel", key]) expect(said).not.toContain(sentinel);
    expect(await stack.operator(`cat ${records}/refused`)).toContain("s3ntinelFragment");
    expect(await filesWith(stack, ["s3ntinelFragment"])).toEqual([`600 root:root ${records}/refused`]);
    expect(await stack.fingerprint([profiles, passwordFile], ["alloy.service"])).toBe(before);
    await nowhere("s3ntinelFragment");
  });

  test("so does one that fails at the load", async () => {
    const text = `local.file "extra" {\n  filename = "/nowhere/s3ntinelFragment"\n}\n`;
    stack.configure({}, { "alloy.fragments.extra": text });
    const said = await stack.upFails();
    expect(said).toContain("the new configuration does not work (its words may quote a secret");
    expect(said).toContain("the old files are back and alloy.service runs on them");
    expect(said).not.toContain("s3ntinel");
    expect(await stack.operator(`cat ${records}/refused`)).toContain("s3ntinelFragment");
  });

  test("the corrected fragment goes up, and the refused words are gone", async () => {
    stack.configure({}, { "alloy.fragments.extra": "// s3ntinelFragment\n" });
    expect((await stack.up()).changes["update"]).toBeGreaterThan(0);
    expect(await filesWith(stack, ["s3ntinelFragment"])).toEqual([
      "640 root:alloy /etc/alloy/conf.d/sandbox-extra.alloy",
    ]);
  });

  test("a private key that does not fit is not shown", async () => {
    const { privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
      publicKeyEncoding: { type: "pkcs1", format: "pem" },
    });
    const right = await readFile(stack.host.privateKeyFile, "utf8");
    for (const wrong of [privateKey, "s3ntinelKey, which is no key"]) {
      stack.configure({ services: [first] }, { sshPrivateKey: wrong });
      const said = await stack.upFails();
      for (const text of [wrong.split("\n")[1] ?? wrong, "s3ntinel"]) expect(said).not.toContain(text);
    }
    stack.configure({}, { sshPrivateKey: right });
    // After so many failed logins, sshd turns this machine away for a while (PerSourcePenalties), unless it is another one.
    await onConsole(stack.host, "systemctl restart ssh");
    await expect.poll(() => stack.status("true"), { timeout: 90_000, interval: 2000 }).toBe(0);
  });

  test("none of them was in a command line, a log or the plain state in all that time", async () => {
    const seen = await endSampling();
    expect(seen).toContain("/usr/local/lib/soar-profiling/sandbox/service-config apply profiles");
    expect(seen).toContain("/usr/bin/alloy validate /etc/alloy/conf.d");
    for (const sentinel of ["s3ntinel", key]) expect(seen).not.toContain(sentinel);
    for (const sentinel of [...sentinels, "s3ntinelKey", key]) await nowhere(sentinel);
  });

  test("destroy takes them off the host", async () => {
    await stack.destroy();
    expect(await filesWith(stack, ["s3ntinel", key])).toEqual([]);
    expect(await stack.status("ls /etc/alloy/secrets")).not.toBe(0);
  });
});
