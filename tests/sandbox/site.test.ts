import { hashSync } from "bcryptjs";
import { describe, expect, test } from "vitest";
import { TestStack } from "./harness/stack";

const domain = "pyroscope.sandbox.test";
const file = `/etc/soar/caddy/${domain}.conf`;
const caddyfile = "/etc/caddy/Caddyfile";

describe("Pyroscope behind Caddy", { timeout: 400_000 }, async () => {
  const stack = await TestStack.create("site", { config: { site: { domain, tls: "internal" } } });
  // An operator's own pattern in the same directory, which takes in no file of ours.
  await stack.operator(`printf 'import /etc/soar/caddy/soar*.conf\\n' >>${caddyfile}`);
  const original = await stack.operator(`base64 ${caddyfile}`);

  /** The status that the site answers with. */
  const status = async (path: string, ...options: string[]): Promise<string> =>
    stack.operator(
      `curl -ksS -o /dev/null -w '%{http_code}' --max-time 10 --resolve ${domain}:443:127.0.0.1 ${options.join(" ")} https://${domain}${path}`,
    );
  const process = (): Promise<string> => stack.operator("systemctl show -p MainPID -p InvocationID caddy");
  const login = ({ value }: { value: unknown }): string => {
    const { user, password } = value as { user: string; password: string };
    return `-u ${user}:${password}`;
  };
  const query = `-H 'Content-Type: application/json' -d '{"name":"service_name","start":0,"end":1}'`;
  const labelValues = "/querier.v1.QuerierService/LabelValues";
  let credentials = "";

  test("asks for a password, which is a secret output, and lets read with it", async () => {
    const before = await process();
    await stack.up();
    const { site } = await stack.outputs();
    if (site === undefined) throw new Error("the stack has no output site");
    credentials = login(site);
    expect(site.secret).toBe(true);
    expect(await status("/ready")).toBe("401");
    expect(await status("/ready", "-u soar:wrong")).toBe("401");
    expect(await status(labelValues, query)).toBe("401");
    expect(await status("/ready", credentials)).toBe("200");
    expect(await status(labelValues, credentials, query)).toBe("200");
    expect(await process()).toBe(before);
  });

  test.each([
    "/push.v1.PusherService/Push",
    "/ingest?name=x",
    "/pyroscope/ingest",
    "/%69ngest",
    "/x/../ingest",
    "/INGEST",
    "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
    "/v1development/profiles",
    "/debuginfo.v1alpha1.DebuginfoService/ShouldInitiateUpload",
    "/debuginfo.v1alpha1.DebuginfoService/Upload/0123456789abcdef",
  ])("%s is closed, whatever the credentials and the method", async (path) => {
    for (const options of ["-d x", `-d x ${credentials}`, `-X GET ${credentials}`]) {
      expect(await status(`'${path}'`, "--path-as-is", options), options).toBe("403");
    }
  });

  test("what Grafana asks by POST beside queries is answered", async () => {
    const nothing = "-H 'Content-Type: application/json' -d '{}'";
    for (const path of [
      "/capabilities.v1.FeatureFlagsService/GetFeatureFlags",
      "/settings.v1.SettingsService/Get",
    ]) {
      expect(await status(path, credentials, nothing), path).toBe("200");
      expect(await status(path, nothing), path).toBe("401");
    }
  });

  test("what else would write is closed too", async () => {
    const paths = [
      "/settings.v1.SettingsService/Set",
      "/settings.v1.RecordingRulesService/DeleteRecordingRule",
      "/debuginfo.v1alpha1.DebuginfoService/DeleteDebuginfo",
      "/api/v1/admin",
      "/ready",
    ];
    for (const path of paths) {
      expect(await status(path, credentials, "-d x"), path).toBe("403");
      expect(await status(path, credentials, "-X DELETE"), path).toBe("403");
    }
  });

  test("Pyroscope and Alloy still listen on loopback only, and the site's file is not for everyone", async () => {
    const wide = await stack.operator(
      `ss -Hltnp | grep -E '"(alloy|pyroscope)"' | awk '$4 !~ /^127\\.0\\.0\\.1:/' | wc -l`,
    );
    expect(wide.trim()).toBe("0");
    expect(await stack.operator(`stat -c '%a %U:%G' ${file}`)).toBe("640 root:caddy\n");
  });

  test("the Caddyfile has one more line and is else as it was", async () => {
    const [before, now] = [
      Buffer.from(original, "base64").toString(),
      await stack.operator(`cat ${caddyfile}`),
    ];
    const added = now.split("\n").filter((line) => !before.split("\n").includes(line));
    expect(added).toEqual(["import /etc/soar/caddy/*.conf # soar-profiling"]);
    expect(now.replace(`${added[0]}\n`, "")).toBe(before);
  });

  test("unchanged, its preview is empty, twice", async () => {
    for (let i = 0; i < 2; i++) expect(Object.keys((await stack.preview()).changes)).toEqual(["same"]);
  });

  test("an operator's own error in a neighbouring file is named, and nothing is changed", async () => {
    const neighbour = "/etc/soar/caddy/other.conf";
    await stack.operator(`printf 'other.sandbox.test {\\n\\tno_such_directive\\n}\\n' >${neighbour}`);
    const before = (await stack.fingerprint([file, caddyfile], ["caddy"])) + (await process());
    stack.configure({ site: { domain, tls: "internal", allowPush: true } });
    const said = await stack.upFails();
    expect(said).toContain(`${neighbour}:2`);
    expect(said).toContain("nothing was changed");
    expect((await stack.fingerprint([file, caddyfile], ["caddy"])) + (await process())).toBe(before);
    expect(await status("/ready", credentials)).toBe("200");
    await stack.operator(`rm ${neighbour}`);
  });

  test("pushes are let in when asked, and still only with the password", async () => {
    await stack.up();
    expect(await status("/push.v1.PusherService/Push", "-d x")).toBe("401");
    // Pyroscope's own answer to a body that is none.
    expect(await status("/push.v1.PusherService/Push", credentials, "-d x")).toBe("415");
    expect(await status("/settings.v1.SettingsService/Set", credentials, "-d x")).toBe("403");
  });

  test("given users are the only ones", async () => {
    stack.configure({ site: { domain, tls: "internal" } }, { siteUsers: `anna:${hashSync("anna's", 4)}\n` });
    await stack.up();
    expect((await stack.outputs())["site"]?.value).toEqual({ url: `https://${domain}` });
    expect(await status("/ready", credentials)).toBe("401");
    expect(await status("/ready", `-u "anna:anna's"`)).toBe("200");
  });

  test("what it had leaves with it, but an operator's lines stay", async () => {
    await stack.operator(`printf '\\n# by hand\\n' >>${caddyfile}`);
    const before = await process();
    stack.configure({ site: undefined });
    // Of a site that is not there any more, its users are a mistake.
    expect(await stack.upFails()).toContain("siteUsers: is used with site.domain only");
    stack.removeSecret("siteUsers");
    await stack.up();
    expect(await stack.operator(`cat ${caddyfile}`)).toBe(
      `${Buffer.from(original, "base64").toString()}\n# by hand\n`,
    );
    expect(await stack.status("ls -d /etc/soar")).toBe(2);
    expect(await process()).toBe(before);
    expect(await status("/ready").catch(() => "gone")).toBe("gone");
  });
});
