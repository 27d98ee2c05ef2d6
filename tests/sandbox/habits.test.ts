import { readFile } from "node:fs/promises";
import { hashSync } from "bcryptjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSsh } from "../../components/host/ssh";
import { sshHost } from "../../sandbox/host/host";
import { eventually } from "./harness/faults";
import { limitLogins } from "./harness/logins";
import { copyRepository, signWithProlonged } from "./harness/repository";
import { TestStack } from "./harness/stack";

const domain = "pyroscope.sandbox.test";
const site = { domain, tls: "internal" };
const caddyfile = "/etc/caddy/Caddyfile";
const password = 'm3trics "quoted"';
const login = "/etc/prometheus/soar-profiling-login/sandbox.curl";
const service = { name: "soar-run", port: 9091, interval: "10s", metrics: true };

/** What is on a host that somebody has set up in their own way, and what a stack does with it. */
describe("a host with habits", { timeout: 300_000 }, async () => {
  const stack = await TestStack.create("habits");
  const { fingerprint, expired } = await signWithProlonged(await copyRepository(stack.host));
  const url = stack.host.repositoryUrl;

  const write = async (file: string, text: string): Promise<void> => {
    await sshHost(stack.host, `mkdir -p "$(dirname ${file})" && cat >${file}`, { input: text });
  };
  /** What the host itself finds, as a preview and `verify` ask for it. */
  const findings = async (): Promise<string[]> => {
    const lines = await stack.operator("/usr/local/lib/soar-profiling/sandbox/drift");
    return lines.split("\n").filter((line) => /^(differs|foreign) /.test(line));
  };

  beforeAll(async () => {
    stack.configure({
      repository: { url, keyUrl: `${url}/key.asc`, fingerprint },
      services: [service],
      prometheus: { url: "http://127.0.0.1:9090" },
      site,
    });
    await stack.operator(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /etc/prometheus/tls.key " +
        "-out /etc/prometheus/tls.crt -days 2 -subj /CN=metrics -addext subjectAltName=DNS:localhost 2>&1 && " +
        "chown prometheus /etc/prometheus/tls.key",
    );
    const hash = hashSync(password, 4);
    await write(
      "/etc/prometheus/web.yml",
      `tls_server_config: { cert_file: tls.crt, key_file: tls.key }\nbasic_auth_users: { soar: "${hash}" }\n`,
    );
    await write("/etc/default/prometheus", 'ARGS="--web.config.file=/etc/prometheus/web.yml"\n');
    await write("/etc/systemd/system/prometheus.service.d/own.conf", "[Service]\nExecReload=\n");
    await write("/etc/caddy.env", "# Theirs.\nLIMIT=2MB\n");
    await write(
      "/etc/systemd/system/caddy.service.d/own.conf",
      "[Service]\nEnvironment='GREETING=hello you'\nEnvironmentFile=-/etc/caddy.env\n",
    );
    await stack.operator(
      `cat >>${caddyfile} <<'END'\nhttp://localhost:8087 {\n\trequest_body {\n\t\tmax_size {$LIMIT}\n\t}\n\trespond "{$GREETING}"\n}\nEND\n` +
        "systemctl daemon-reload && systemctl restart prometheus caddy",
    );
  });

  test("is told before anything is changed what cannot work: no namespaces, and a Caddy without its admin API", async () => {
    const drop = "/etc/systemd/system/ssh.service.d/own.conf";
    await write(drop, "[Service]\nRestrictNamespaces=yes\n");
    await stack.operator(
      `cp -a ${caddyfile} /root/kept; sed -i '1i {\\n\\tadmin off\\n}' ${caddyfile}; ` +
        "cp -a /etc/os-release /run/ && sed -i 's/^ID=.*/ID=ubuntu/; s/^VERSION_ID=.*/VERSION_ID=\"24.04\"/' /etc/os-release; " +
        "systemctl daemon-reload; systemctl restart ssh",
    );
    const text = await stack.upFails();
    await stack.operator(
      `rm ${drop}; mv /root/kept ${caddyfile}; sed -i d /etc/os-release; cat /run/os-release >/etc/os-release; ` +
        "systemctl daemon-reload; systemctl restart ssh",
    );
    expect(text).toMatch(
      /- root may not mount anything in a namespace of its own here, which each change is tried in \(unshare: .*not permitted\): a container has to allow nesting/,
    );
    expect(text).toContain(
      `- ${caddyfile} has the option \`admin off\`, so Caddy can neither be told of a change nor tell what it serves: ` +
        "take it out and restart Caddy, or leave out site\n",
    );
    expect(text).toContain("note: the system is ubuntu 24.04, on which nobody has tried this");
    expect(text).not.toContain("- the system is");
    expect(await stack.status("dpkg -s alloy || ls -d /var/lib/soar-profiling")).not.toBe(0);
  });

  const https = { url: "https://localhost:9090" };
  const unchecked = { ...https, insecureSkipVerify: true };
  test.each<[string, object, string | undefined, string]>([
    [
      "by HTTP, which it does not speak",
      { url: "http://localhost:9090" },
      undefined,
      "prometheus: the Prometheus at http://localhost:9090 answers by HTTPS: set prometheus.url to https; nothing was changed",
    ],
    [
      "with a certificate that the host does not trust",
      https,
      undefined,
      "prometheus: the certificate of the Prometheus at https://localhost:9090 is not trusted on this host (SSL certificate problem: ",
    ],
    [
      "without a login",
      unchecked,
      undefined,
      "prometheus: the Prometheus at https://localhost:9090 asks for a user and a password (it answers 401): set prometheus.user",
    ],
    [
      "with a wrong password",
      { ...unchecked, user: "soar" },
      "wr0ng-one",
      "takes another user or password than prometheus.user and the secret prometheusPassword (it answers 401); nothing was changed",
    ],
  ])("names what is wrong with a Prometheus that is asked %s", async (_, prometheus, wrong, words) => {
    stack.configure({ prometheus }, wrong === undefined ? {} : { prometheusPassword: wrong });
    const text = await stack.upFails();
    expect(text).toContain(words);
    expect(text).not.toContain("wr0ng-one");
    expect(await stack.status("ls /etc/prometheus/jobs/*")).toBe(2);
  });

  test("has a job behind that password that scrapes what the stack would: it is named before anything is changed", async () => {
    const main = "/etc/prometheus/prometheus.yml";
    const reload = "kill -HUP $(systemctl show -p MainPID --value prometheus)";
    await write(
      "/etc/prometheus/theirs/soar.yml",
      'scrape_configs: [{job_name: theirs, static_configs: [{targets: ["localhost:9091"]}]}]\n',
    );
    await stack.operator(
      `cp -a ${main} /root/main; echo 'scrape_config_files: [theirs/*.yml]' >>${main}; ${reload}`,
    );
    await write("/root/login", `user = "soar:${password.replaceAll('"', '\\"')}"\n`);
    const asked = "curl -fsSk -K /root/login https://localhost:9090/api/v1/targets?state=active";
    await eventually(stack, `${asked} | grep -q '"scrapePool":"theirs"'`);
    stack.configure({}, { prometheusPassword: password });
    const text = await stack.upFails();
    expect(text).toContain(
      '- the job "theirs" of Prometheus scrapes http://127.0.0.1:9091/metrics already, as the stack would (soar-run), and every sum',
    );
    expect(text).not.toContain(password);
    expect(await stack.status("ls /etc/prometheus/jobs/*")).toBe(2);
    await stack.operator(`mv /root/main ${main}; rm -r /etc/prometheus/theirs; ${reload}`);
  });

  test("has a Prometheus with a password, TLS and no ExecReload, which loads its jobs and says so", async () => {
    const pid = await stack.pid("prometheus");
    await stack.up();
    expect(await findings()).toEqual([]);
    expect(await stack.operator(`stat -c '%a %U' ${login}`)).toBe("600 root\n");
    const targets = `curl -fsS -K ${login} https://localhost:9090/api/v1/targets?state=active`;
    await eventually(stack, `${targets} | grep -q '"scrapePool":"sandbox-soar-run"'`);
    expect(await stack.pid("prometheus")).toBe(pid);
    stack.configure({ services: [service, { name: "soar-web", port: 9092, metrics: true }] });
    expect((await stack.up()).text).not.toContain(password);
    await eventually(stack, `${targets} | grep -q '"scrapePool":"sandbox-soar-web"'`);
    expect(await stack.pid("prometheus")).toBe(pid);
    expect(await findings()).toEqual([]);
  });

  test("has a Caddyfile that names variables of the unit, and its site goes on", async () => {
    expect(await stack.operator("curl -fsS http://localhost:8087")).toBe("hello you");
    expect(await stack.operator(`grep -c 'import /etc/soar/caddy' ${caddyfile}`)).toBe("1\n");
  });

  test("has a neighbour's mistake: told as one that was there before, in whole", async () => {
    const neighbour = "/etc/soar/caddy/other.conf";
    await write(neighbour, "other.sandbox.test {\n\tno_such_directive {$LIMIT}\n}\n");
    stack.configure({ site: { ...site, allowPush: true } });
    const text = await stack.upFails();
    expect(text).toContain(`${neighbour}:2`);
    expect(text).toContain("unrecognized directive: no_such_directive");
    expect(text).toContain(
      "(its words above), which refuses what is on the host now as well, without any change of this stack: correct that first; " +
        "nothing was changed",
    );
    await stack.operator(`rm ${neighbour}`);
    await stack.up();
  });

  test("has an old copy of a signing key that was prolonged: it is fetched when apt wants it", async () => {
    const key = "/etc/apt/keyrings/grafana.asc";
    await write(key, expired);
    await stack.operator(
      `cp ${key} /var/lib/soar-profiling/sandbox/sources/grafana/key; rm -r /var/lib/apt/lists`,
    );
    stack.configure({ alloy: { version: "1.10.0-2" } });
    const { text } = await stack.up();
    expect(text).toContain(
      `the signing key of apt source grafana was fetched again from ${url}/key.asc, for apt does not take the one that was there`,
    );
    expect(await stack.operator("dpkg-query -W -f '${Version}\n' alloy")).toBe("1.10.0-2\n");
    expect(await stack.operator("apt-get update 2>&1 | grep -c ^[WE]: || :")).toBe("0\n");
    expect(await findings()).toEqual([]);
  });

  test("has an sshd that forwards nothing: a tunnel says so", async () => {
    const drop = "/etc/ssh/sshd_config.d/00-own.conf";
    await stack.operator(`echo 'AllowTcpForwarding no' >${drop}; systemctl reload ssh`);
    const { address, hostKey, privateKeyFile } = stack.host;
    const key = await readFile(privateKeyFile, "utf8");
    const connection = await openSsh({ address, port: 22, user: "deploy", hostKey }, key);
    try {
      await expect(connection.forward("127.0.0.1", 9090)).rejects.toThrow(
        `the sshd of ${address} forwards nothing to 127.0.0.1 port 9090: set AllowTcpForwarding (or PermitOpen) there to let it`,
      );
    } finally {
      connection.end();
    }
    await stack.operator(`rm ${drop}; systemctl reload ssh`);
  });

  test("is given back by a destroy, with the password and all", async () => {
    const pid = await stack.pid("prometheus");
    await stack.destroy();
    expect(
      await stack.status("ls -d /etc/prometheus/soar-profiling-login /etc/prometheus/jobs /etc/soar"),
    ).toBe(2);
    expect(await stack.operator("grep -c soar-profiling /etc/prometheus/prometheus.yml || :")).toBe("0\n");
    expect(await stack.pid("prometheus")).toBe(pid);
    expect(await stack.operator("curl -fsS http://localhost:8087")).toBe("hello you");
  });
});

describe(
  "a host whose firewall lets in five new connections in a time, and counts those that it turns away",
  {
    timeout: 300_000,
  },
  async () => {
    // As `ufw limit` has it, in a third of the time.
    const seconds = 10;
    const stack = await TestStack.create("habits-limit");
    const firewall = await limitLogins(stack.host, { hits: 6, seconds });
    afterAll(() => {
      firewall.close();
    });
    const named = { ...service, unit: "soar-run.service" };

    beforeAll(async () => {
      const rule =
        "-A ufw-user-input -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --update " +
        `--seconds ${seconds} --hitcount 6 --name DEFAULT --mask 255.255.255.255 --rsource -j ufw-user-limit`;
      await sshHost(
        stack.host,
        "cat >/usr/local/sbin/iptables-save && chmod 755 /usr/local/sbin/iptables-save",
        {
          input: `#!/bin/sh\necho '${rule}'\n`,
        },
      );
      stack.configure({
        host: { address: "127.0.0.1", port: firewall.port, user: "deploy", hostKey: stack.host.hostKey },
        services: [named],
        prometheus: { url: "http://127.0.0.1:9090" },
        logs: { url: "http://127.0.0.1:3100" },
        traces: { url: "http://127.0.0.1:4320" },
        site,
      });
    });

    test("is brought up with everything by ten logins, and the wait is told", async () => {
      const { text } = await stack.up();
      expect(firewall.seen()).toEqual({ letIn: 10, turnedAway: 0 });
      expect(text).toContain(
        `note: the firewall lets in fewer than 6 new connections in ${seconds} s, as ufw limit does: what follows waits`,
      );
      expect(text).toContain(
        `the firewall lets in fewer than 6 new connections in ${seconds} s: waiting, so that the next ones get in`,
      );
    });

    test("is changed, asked for drift, and given back, all of it let in", async () => {
      stack.configure({
        services: [named, { name: "soar-web", port: 9092, metrics: true }],
        detectDrift: true,
      });
      await stack.up();
      expect(Object.keys((await stack.preview()).changes)).toEqual(["same"]);
      await stack.destroy();
      expect(firewall.seen().turnedAway).toBe(0);
      expect(await stack.status("ls -d /var/lib/soar-profiling /usr/local/lib/soar-profiling")).toBe(2);
    });
  },
);
