import { beforeAll, describe, expect, test } from "vitest";
import { breakVersion } from "./harness/faults";
import { addOtherPackage, copyRepository } from "./harness/repository";
import { TestStack } from "./harness/stack";

const units = ["pyroscope", "alloy"];
const source = "/etc/apt/sources.list.d/grafana.list";
const ours = "/etc/apt/sources.list.d/grafana.sources";
const key = "/etc/apt/keyrings/grafana.gpg";
const config = { pyroscope: "/etc/pyroscope/config.yml", alloy: "/etc/alloy/config.alloy" };

const jobs = "/etc/prometheus/jobs";
const prometheus = { url: "http://127.0.0.1:9090" };

/** The seed's host: its scripts put the packages there, and files of their own, which run and listen everywhere. */
describe("a host that was set up by hand", { timeout: 300_000 }, async () => {
  const stack = await TestStack.create("adopted");
  const fingerprint = await addOtherPackage(await copyRepository(stack.host));
  const url = stack.host.repositoryUrl;
  stack.configure({ repository: { url, keyUrl: `${url}/key.asc`, fingerprint } });
  const alloy = stack.setting("alloy") as object;

  const listeners = (): Promise<string> =>
    stack.operator("ss -Hltnp | grep -e pyroscope -e alloy | awk '{ print $4 }' | sort");
  const packages = (): Promise<string> =>
    stack.operator(
      "dpkg-query -W -f '${Package} ${Version} ${Status}\\n' pyroscope alloy; apt-mark showhold",
    );
  /** All that was made by hand: files, packages, units. */
  const look = async (): Promise<string[]> => [
    await stack.operator(
      "find /etc/pyroscope /etc/alloy /etc/default/alloy -exec stat -c '%n %a %U:%G' {} + | sort; " +
        `sha256sum ${Object.values(config).join(" ")} /etc/default/alloy; ` +
        `stat -c '%n %a %U:%G %Y' ${source} ${key}; sha256sum ${source} ${key}`,
    ),
    await packages(),
    await stack.operator(`systemctl is-enabled ${units.join(" ")}; systemctl is-active ${units.join(" ")}`),
    await stack.operator("find /etc/systemd/system | grep -v '^/etc/systemd/system/[^/]*[.]wants' | sort"),
    await listeners(),
  ];
  /** What apt complains of, and where it would have the package from that is none of ours. */
  const apt = async (): Promise<string[]> => [
    await stack.operator("apt-get update 2>&1 | grep ^[WE]: || :"),
    await stack.operator(`apt-cache policy other-tool | grep -o '${url} stable/extra' | sort -u`),
  ];
  let byHand: string[] = [];

  beforeAll(async () => {
    await stack.operator(
      `curl -fsS ${url}/key.asc | gpg --dearmor >${key} && ` +
        `echo 'deb [signed-by=${key}] ${url} stable main extra' >${source} && chmod 640 ${source} && chgrp adm ${source} && ` +
        "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install pyroscope=1.21.1-1 alloy=1.10.0-1 other-tool=1.0 >/dev/null",
    );
    await stack.operator(
      // As SOAR's hosts have them: blocks at a place of its own, lines on a way of their own, and a job for what ours scrapes.
      `printf 'pyroscopedb:\\n  data_path: /var/lib/pyroscope\\n' >>${config.pyroscope}; ` +
        `printf 'loki.echo "mine" {\\n}\\n' >>${config.alloy}; ` +
        `mkdir -p ${jobs}; printf '%s\\n' 'scrape_configs: [{job_name: alloy, static_configs: [{targets: [\"localhost:12345\"]}]}]' >${jobs}/alloy.yml; ` +
        `sed -i '$a scrape_config_files: [${jobs}/*.yml]' /etc/prometheus/prometheus.yml; systemctl reload prometheus; ` +
        "chown -R pyroscope:pyroscope /etc/pyroscope; systemctl enable --now alloy; systemctl restart pyroscope; " +
        "echo profiles >/var/lib/pyroscope/of-before; " +
        "for i in $(seq 60); do curl -fsS 127.0.0.1:4040/ready && break; sleep 0.5; done",
    );
    await stack.operator(
      "for i in $(seq 60); do curl -fsS 127.0.0.1:12345/-/ready && break; sleep 0.5; done",
    );
    byHand = await look();
  }, 120_000);

  test("is told what becomes of what it has, and which job would scrape twice, before anything is changed", async () => {
    await stack.operator(
      `curl -fsS http://127.0.0.1:9091/debug/pprof/heap | ` +
        "curl -fsS --data-binary @- 'http://127.0.0.1:4040/ingest?format=pprof&name=of-before'; systemctl restart pyroscope; " +
        "for i in $(seq 60); do curl -fsS 127.0.0.1:4040/ready && break; sleep 0.5; done; " +
        "find /var/lib/pyroscope/anonymous -name meta.json | grep -q .",
    );
    stack.configure({ prometheus });
    const said = await stack.upFails();
    const plan = [
      `${source} has ${url} stable, signed by another key file than /etc/apt/keyrings/grafana.asc, which apt refuses: ` +
        "the stack's source takes its place, and it comes back with a destroy",
      "/etc/pyroscope/config.yml is there: it will be replaced, and comes back with a destroy",
      "/etc/alloy/config.alloy will no longer be read, and is again after a destroy; nothing of ours takes the place of its " +
        "loki.echo, prometheus.scrape: put what you need of them into alloy.fragments",
    ];
    const job =
      '- the job "alloy" of Prometheus scrapes http://127.0.0.1:12345/metrics already, as the stack would (alloy), and every sum ' +
      "would double: take that job away, or add alloy to prometheus.skip";
    for (const told of [`${job}\n`, ...plan.map((note) => `note: ${note}`)]) expect(said).toContain(told);
    // A preview afterwards tells the same: nothing of the stack is on the host yet.
    stack.configure({ detectDrift: true });
    const { text } = await stack.previewFails();
    for (const told of [job, ...plan.map((note) => `warning: ${note}`)]) expect(text).toContain(told);
    expect(said).toMatch(
      /note: \/var\/lib\/pyroscope\/anonymous has profiles of another configuration \(blocks: \d+, \d+ MiB\): they are moved to where/,
    );
    expect(said).not.toContain("note: /etc/default/alloy");
    expect((await look()).slice(0, 4)).toEqual(byHand.slice(0, 4));

    // An `up` that ends behind its first command, which then has no reason to run again.
    const repository = stack.setting("repository") as object;
    stack.configure({ prometheus: undefined, repository: { ...repository, fingerprint: "0".repeat(40) } });
    expect(await stack.upFails()).toContain("is not the pinned one");
    stack.configure({ repository });
    const preview = await stack.preview();
    // Without prometheus more of its components have no successor.
    for (const note of plan) expect(preview.text).toContain(`warning: ${note.replace(/ of its .*/, "")}`);
    stack.configure({ detectDrift: undefined });
  });

  test("is taken over: the same packages, held, restarted once, on loopback only, with what they had stored", async () => {
    expect(await listeners()).toMatch(/^\*:4040$/m);
    const restarts = "journalctl -q -o cat _PID=1 UNIT=pyroscope.service | grep -c '^Started ' || :";
    const before = Number(await stack.operator(restarts));
    expect((await stack.up()).text).toContain(
      `the source ${url} stable in ${source} makes way for ours, and comes back when that goes`,
    );
    expect(Number(await stack.operator(restarts))).toBe(before + 1);
    expect(await packages()).toBe(
      "alloy 1.10.0-1 hold ok installed\npyroscope 1.21.1-1 hold ok installed\nalloy\npyroscope\n",
    );
    expect(
      (await listeners())
        .trim()
        .split("\n")
        .filter((address) => !address.startsWith("127.")),
    ).toEqual([]);
    expect(await stack.operator("cat /var/lib/pyroscope/of-before")).toBe("profiles\n");
    expect(Object.keys((await stack.up()).changes)).toEqual(["same"]);
  });

  test("has what else came from its package source upgraded from ours meanwhile", async () => {
    expect(await stack.status(`test -e ${source}`)).toBe(1);
    expect(await apt()).toEqual(["", `${url} stable/extra\n`]);
    await stack.operator("apt-get -qq install other-tool >/dev/null");
    expect(await stack.operator("dpkg-query -W -f '${Version}' other-tool")).toBe("1.1");
  });

  test("is told that its package source was put back by an old deploy, without which apt reads none, and mended", async () => {
    const records = "/var/lib/soar-profiling/sandbox/apt-grafana/taken/*/before";
    await stack.operator(`cp -a ${records} ${source}`);
    expect(await stack.operator("apt-get update 2>&1 | grep -c Conflicting || :")).not.toBe("0\n");
    stack.configure({ detectDrift: true });
    expect((await stack.preview()).text).toContain(
      `On the host ${source} has a source of the same place, signed by another key file than /etc/apt/keyrings/grafana.asc, ` +
        "so that apt reads no source at all. An up puts it back.",
    );
    await stack.up();
    expect(await apt()).toEqual(["", `${url} stable/extra\n`]);
    expect(await stack.operator("/usr/local/lib/soar-profiling/sandbox/drift")).not.toMatch(
      /^(differs|foreign) /m,
    );
    // Once more, before a destroy.
    await stack.operator(`cp -a ${records} ${source}`);
    stack.configure({ detectDrift: undefined });
  });

  test("is given back by a destroy: the packages, their files, their data and what they did; purgeData or not", async () => {
    stack.configure({ purgeData: true });
    await stack.up();
    const text = await stack.destroy();
    expect(text).toContain("pyroscope was on this host before, and stays with its data, at 1.21.1-1");
    expect(text).toContain("alloy was on this host before, and stays with its data, at 1.10.0-1");
    expect(await stack.operator("cat /var/lib/pyroscope/of-before")).toBe("profiles\n");
    expect(await stack.status("ls -d /var/lib/soar-profiling /usr/local/lib/soar-profiling")).toBe(2);
    await expect.poll(look, { timeout: 30_000, interval: 1000 }).toEqual(byHand);
    expect(await stack.status(`test -e ${ours} || test -e /etc/apt/keyrings/grafana.asc`)).toBe(1);
    expect(await stack.operator("apt-cache policy other-tool")).toContain(`${url} stable/extra`);
    expect(await apt()).toEqual(["", `${url} stable/extra\n`]);
  });

  test("keeps its version of a package whose new one refuses the files, and goes on running it", async () => {
    const mark = await stack.pid("alloy.service");
    const mend = await breakVersion(stack, "1.10.0-2", "refuses all files");
    stack.configure({ alloy: { ...alloy, version: "1.10.0-2" } });
    expect(await stack.upFails()).toContain("alloy 1.10.0-1 is installed again");
    await mend();
    expect(await packages()).toContain("alloy 1.10.0-1 ");
    expect(await stack.pid("alloy.service")).toBe(mark);
  });

  test("gets back the version that it had", async () => {
    await stack.up();
    expect(await packages()).toContain("alloy 1.10.0-2 hold");
    expect(await stack.destroy()).toContain(
      "alloy was on this host before, and stays with its data, at 1.10.0-1",
    );
    await expect.poll(look, { timeout: 30_000, interval: 1000 }).toEqual(byHand);
    stack.configure({ alloy });
  });

  test("keeps a package source that Grafana's instructions of today have made, with its key", async () => {
    const same = "/etc/apt/keyrings/grafana.asc";
    await stack.operator(
      `curl -fsS ${url}/key.asc >${same} && echo 'deb [signed-by=${same}] ${url} stable main' >${source} && apt-get -qq update`,
    );
    const before = await stack.operator(`sha256sum ${same} ${source}`);
    await stack.up();
    await stack.destroy();
    expect(await stack.operator(`sha256sum ${same} ${source}`)).toBe(before);
    expect(
      await stack.operator("ls /etc/apt/sources.list.d /etc/apt/keyrings | grep -v debian"),
    ).not.toContain("grafana.sources");
    expect(await stack.operator("apt-get update 2>&1 | grep -c ^[WE]: || :")).toBe("0\n");
  });
});
