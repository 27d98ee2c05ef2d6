import { beforeAll, describe, expect, test } from "vitest";
import { run, type RunResult } from "../../sandbox/log";
import { sshHost } from "../../sandbox/host/ssh";
import { editFile } from "./harness/faults";
import { TestStack } from "./harness/stack";
import { declarationOf } from "./harness/transaction";

const scripts = "/usr/local/lib/soar-profiling/sandbox";
const deployer = `${scripts}/deployer`;
/** What a command that goes too far would leave. */
const mark = "/root/reached";

/** A user whose sudo is the rule that `npm run sudoers` prints, as the stack's user, and as somebody who has their key. */
describe("a user who may deploy and nothing else", { timeout: 300_000 }, async () => {
  const stack = await TestStack.create("sudoers");
  const soarRun = { name: "soar-run", port: 9091, interval: "6s", duration: "4s", metrics: true };
  const soarWeb = { ...soarRun, name: "soar-web", port: 9092 };
  let rule = "";

  const asDeployer = (command: string, input = ""): Promise<RunResult> =>
    sshHost(stack.host, command, { user: "deploy", input });
  const ask = (words: string, input = ""): Promise<RunResult> =>
    asDeployer(`sudo -n ${deployer} ${words}`, input);
  /** Everything that somebody could gain by, and all that the stack has. */
  const picture = (): Promise<string> =>
    stack.operator(
      "find /etc /root /usr/local /var/lib/soar-profiling /home -xdev -type f ! -name authorized_keys2 -printf '%p %m %u:%g\\n' " +
        "-exec sha256sum {} + | sort; " +
        "systemctl show -p Id,MainPID,NRestarts alloy pyroscope prometheus ssh cron; dpkg-query -W -f '${Package} ${Version}\\n'",
    );
  const only = (): Promise<string> =>
    stack.operator(
      `install -m 0440 /dev/stdin /etc/sudoers.d/soar-profiling-sandbox <<'EOF'\n${rule}EOF\nrm /etc/sudoers.d/deploy; visudo -c`,
    );

  beforeAll(async () => {
    stack.configure({
      host: { ...(stack.setting("host") as object), restricted: true },
      prometheus: { url: "http://127.0.0.1:9090" },
      services: [soarRun],
      detectDrift: true,
      allowDowngrade: true,
    });
    const { command, args, ...place } = await stack.operation("sudoers-stack.ts");
    rule = (await run(command, args, place)).stdout;
    await stack.operator("cp -p /etc/sudoers.d/deploy /root/sudoers-of-deploy");
    await only();
  });

  test("may not set the host up, and is told who may", async () => {
    expect(await stack.upFails()).toContain(
      "soar-profiling: user deploy may not set this host up: an administrator does it first",
    );
    expect(await stack.status("ls -d /usr/local/lib/soar-profiling /var/lib/soar-profiling")).not.toBe(0);
  });

  test("has a rule of one command, whose path nobody else can change", async () => {
    await stack.operator("cp -p /root/sudoers-of-deploy /etc/sudoers.d/deploy");
    await stack.up();
    await only();
    expect((await asDeployer("sudo -n -l")).stdout).toMatch(
      /may run the following commands[^\n]*\n +\(root\) (?:NOSETENV: )?NOPASSWD: (?:NOSETENV: )?\S+\/deployer\n$/,
    );
    const places = [
      "/",
      "/usr",
      "/usr/local",
      "/usr/local/lib",
      "/usr/local/lib/soar-profiling",
      scripts,
      `${scripts}/*`,
    ];
    expect(
      await stack.operator(`find ${places.join(" ")} -maxdepth 0 ! -user root -o -maxdepth 0 -perm /022`),
    ).toBe("");
  });

  test("deploys another reference, another service, another version and retention, and what was edited is put back", async () => {
    const alloy = await stack.pid("alloy");
    const pyroscope = stack.setting("pyroscope") as object;
    stack.configure({
      services: [soarRun, soarWeb],
      gitRef: "v2",
      pyroscope: { ...pyroscope, version: "1.21.1-2", retention: "3d" },
    });
    const { text } = await stack.preview();
    expect(text).not.toMatch(/^ *error:|could not be asked/m);
    await stack.up();
    expect(await stack.pid("alloy")).toBe(alloy);
    expect(await stack.operator("dpkg-query -W -f '${Version}' pyroscope")).toBe("1.21.1-2");
    expect(await stack.operator("ls /etc/prometheus/jobs")).toContain("sandbox-soar-web.yml");
    expect(Object.keys((await stack.up()).changes)).toEqual(["same"]);
    await editFile(stack, "/etc/alloy/conf.d/sandbox-profiles.alloy", "$a // by hand");
    expect((await stack.preview()).text).toContain("sandbox-profiles.alloy was edited. An up puts it back.");
    await stack.up();
    expect(await stack.status("grep -r 'by hand' /etc/alloy")).toBe(1);
    const { code, report } = await stack.verify();
    expect(code, JSON.stringify(report, undefined, 1)).toBe(0);
  });

  test("is told, before anything is changed, what an administrator has to do", async () => {
    const before = await picture();
    const port = (stack.setting("alloy") as { httpPort?: number }).httpPort;
    stack.configure({ alloy: { ...(stack.setting("alloy") as object), httpPort: 12346 } });
    const said = await stack.upFails();
    expect(said).toMatch(
      /soar-profiling: alloy: "reload .*12346" is declared where it was "reload .*12345"\. User deploy may deploy/,
    );
    stack.configure({ alloy: { ...(stack.setting("alloy") as object), httpPort: port } });
    expect(await picture()).toBe(before);
    await stack.operator(`echo '# newer' >>${scripts}/lib.sh`);
    stack.configure({ services: [soarRun], detectDrift: undefined });
    expect(await stack.upFails()).toContain(
      "the scripts on this host are not those of this program: lib.sh. User deploy may",
    );
    await stack.operator(`sed -i '$d' ${scripts}/lib.sh`);
    expect(await picture()).toBe(before);
    await stack.up();
  });

  describe("may not", () => {
    const declarations: Record<string, string> = {};
    let before = "";
    beforeAll(async () => {
      for (const [id, name] of Object.entries({
        alloy: "soar-platform-alloy",
        pyroscope: "soar-platform-pyroscope",
        profiles: "soar-profiles",
        prometheus: "soar-prometheus",
      })) {
        declarations[id] = await declarationOf(stack, `${name}-config-files`);
      }
      before = await picture();
    });
    const refused = async ({ code, stdout, stderr }: RunResult, words: RegExp): Promise<void> => {
      expect(code, stdout + stderr).not.toBe(0);
      expect(stderr).toMatch(words);
      expect(await stack.status(`test -e ${mark}`)).toBe(1);
    };
    const ofSudo =
      /sudo: .*(password is required|not allowed|not permitted|may not|command not found)|usage: sudo/;
    const ofUs = /^soar-profiling: .*User deploy may deploy what an administrator has set up/m;

    test.each([
      `sh -c 'touch ${mark}'`,
      "-s",
      "-i",
      "-u alloy id",
      "/bin/bash",
      "systemctl restart ssh",
      "apt-get install -y cowsay",
      "-e /etc/sudoers",
      `${scripts}/service-config apply alloy`,
      `timeout 60 ${scripts}/service-config apply alloy`,
      `${scripts}/../sandbox/service-config remove alloy`,
      `LD_PRELOAD=/tmp/evil.so ${deployer} drift`,
      `PATH=/tmp:/usr/bin ${deployer} drift`,
      `PERL5OPT=-d ${deployer} drift`,
      `SOAR_LOCK_WAIT=0 ${deployer} drift`,
      `-E PATH=/tmp ${deployer} drift`,
      `--chdir=/tmp ${deployer} drift`,
      `--chroot=/tmp ${deployer} drift`,
    ])("have sudo run: %s", async (words) => {
      await refused(await asDeployer(`sudo -n ${words}`), ofSudo);
    });

    test.each([
      "",
      "sh",
      "uninstall",
      "service-config remove alloy",
      "service-config remove pyroscope",
      "platform guard",
      "platform release",
      "apt-package remove alloy alloy.service purge /etc",
      "../../../../bin/sh -c id",
      "service-config apply ../../../../tmp/evil",
      "service-config apply alloy --generation '1; id'",
      "service-config apply unknown",
      "'service-config apply' alloy",
      "check ../alloy",
      "check alloy profiles prometheus",
      "facts sandbox /root alloy.service -- alloy",
      "facts sandbox '' -Hroot@attacker.test --",
      "facts other '' alloy.service -- alloy",
      "setup organization/other/stack own",
      "setup organization/soar-profiling/sandbox shared",
      "apt-repository add grafana http://attacker.test/key.asc 0000000000000000000000000000000000000000",
      "apt-repository remove grafana",
    ])("ask for: %s", async (words) => {
      await refused(await ask(words), ofUs);
    });

    /** What a declaration is made to say, by what is put in the place of what. */
    const bent: [string, string, RegExp | string, string][] = [
      [
        "a rule of sudo",
        "alloy",
        /^file .*\/etc\/default\/alloy$/m,
        "file 0440 root:root none /etc/sudoers.d/evil",
      ],
      [
        "a key of root",
        "prometheus",
        "end\n",
        "file 0600 root:root none /root/.ssh/authorized_keys\n  ssh-ed25519 evil\nend\n",
      ],
      [
        "a file by a way around",
        "prometheus",
        "end\n",
        "file 0640 root:prometheus reload /etc/prometheus/jobs/../../cron.d/sandbox-x.yml\n  x\nend\n",
      ],
      [
        "a file of another environment",
        "prometheus",
        "end\n",
        "file 0640 root:prometheus reload /etc/prometheus/jobs/production-x.yml\n  x: 1\nend\n",
      ],
      ["a file that all may write", "profiles", /^file 0640/m, "file 0666"],
      ["a file of another user", "profiles", "root:alloy", "deploy:alloy"],
      ["a drop-in of a unit", "pyroscope", /^ {2}TimeoutStopSec=.*$/m, `  ExecStartPre=+/bin/touch ${mark}`],
      ["a library for Alloy", "alloy", /^( {2}CUSTOM_ARGS=)/m, "  LD_PRELOAD=/tmp/evil.so\n$1"],
      ["none of our drop-ins", "pyroscope", /^file .*\.conf\n(?: {2}.*\n|\n)+/m, ""],
      ["a validator that is a shell", "profiles", /^validate .*$/m, `validate touch ${mark}`],
      ["one more validator", "profiles", /^(validate .*)$/m, `$1\nvalidate touch ${mark}`],
      ["validators that root runs", "profiles", /^user alloy$/m, "user root"],
      ["a probe of its own", "profiles", /^health 60 .*$/m, `health 60 touch ${mark}`],
      ["a reload of its own", "profiles", /^reload .*$/m, `reload touch ${mark}`],
      ["a question of its own", "profiles", /^(inforce .*)$/m, `$1; touch ${mark}`],
      ["a question with a substitution", "profiles", /^(inforce .*)$/m, `$1 $(touch ${mark})`],
      [
        "options for curl that it wrote itself",
        "prometheus",
        /^inforce prometheus-in-force /m,
        "inforce prometheus-in-force -K /etc/prometheus/jobs/sandbox-soar-run.yml ",
      ],
      ["a unit of others", "profiles", /^unit alloy\.service$/m, "unit ssh.service"],
      ["a group of others", "profiles", /^(unit .*)$/m, "$1\ngroup sudo"],
      ["a directory of others", "profiles", /^directory .*$/m, "directory /root 0777 deploy:deploy"],
      ["a line in a file of others", "prometheus", /^entry \S+/m, "entry /etc/sudoers"],
      ["another package", "pyroscope", /^package pyroscope/m, "package cowsay"],
      [
        "a package by an option of apt",
        "pyroscope",
        /^package pyroscope .*$/m,
        "package pyroscope --allow-unauthenticated",
      ],
      ["data of others as its own", "pyroscope", /^data .*$/m, "data purge /etc"],
      ["what is stored, by a command", "pyroscope", /^carry .*$/m, `carry touch ${mark};`],
      ["a line behind the end", "profiles", /end\n$/, `end\nvalidate touch ${mark}\nend\n`],
      ["a line behind a file", "profiles", /end\n$/, `validate touch ${mark}\nend\n`],
      ["a line with a tab for a space", "profiles", /^validate .*$/m, `validate\ttouch ${mark}`],
      ["a NUL in its way", "profiles", /^validate /m, "validate \0"],
    ];

    test.each(bent)("declare %s", async (_, id, part, other) => {
      const whole = declarations[id] ?? "";
      const text = whole.replace(part, other);
      expect(text).not.toBe(whole);
      await refused(await ask(`service-config apply ${id}`, text), ofUs);
      await refused(await ask(`check ${id}`, text), ofUs);
    });

    test("change what root runs, or what it is held against", async () => {
      const places = [
        deployer,
        `${scripts}/may-change`,
        `${scripts}/new`,
        "/var/lib/soar-profiling/sandbox/alloy/manifest",
        "/run/soar-profiling/lock",
        "/etc/sudoers.d/x",
      ];
      for (const place of places) {
        await refused(await asDeployer(`echo evil >>${place}`), /Permission denied/);
        await refused(
          await asDeployer(`ln -sfn /tmp/evil ${place}`),
          /Permission denied|Operation not permitted/,
        );
      }
    });

    test("end a change in the middle by limits of its own", async () => {
      for (const limit of ["-f 100", "-t 10", "-n 20", "-v 500000"]) {
        await refused(
          await asDeployer(
            `ulimit ${limit}; sudo -n ${deployer} service-config apply profiles`,
            declarations["profiles"],
          ),
          /^soar-profiling: the (file size|cpu time|open files|address space) is limited to \d+ for deploy \(ulimit\), which could end/m,
        );
      }
    });

    test("and has changed nothing by all of that", async () => {
      expect(await picture()).toBe(before);
    });

    describe("hold or end a change by their session", () => {
      const manifest = "/var/lib/soar-profiling/sandbox/profiles/manifest";
      const lock = "/run/soar-profiling/lock";
      let again = "";
      beforeAll(async () => {
        const generation = await stack.operator(`sed -n 's/^generation/--generation/p' ${manifest}`);
        again = `service-config apply profiles ${generation.trim()}`;
      });

      test("where it waits, and is refused if an administrator was first", async () => {
        await stack.operator(
          `cp -p ${manifest} /root/manifest; systemd-run --quiet --collect --unit=first flock ${lock} sleep 120`,
        );
        const asked = asDeployer(
          "perl -MPOSIX=:signal_h -e 'sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGTERM)); open my $score, q(>), q(/proc/self/oom_score_adj); " +
            `print $score 900; close $score; exec @ARGV' sudo -n ${deployer} ${again}`,
          declarations["profiles"],
        );
        const waiting = await stack.operator(
          "for i in $(seq 200); do pid=$(pgrep -fo '^/bin/sh .*/service-config apply profiles') && break; sleep 0.1; done; " +
            'sleep 1; cat "/proc/$pid/cgroup" "/proc/$pid/oom_score_adj"; grep SigBlk "/proc/$pid/status"',
        );
        await stack.operator(`sed -i '1s/$/ /' ${manifest}; systemctl stop first`);
        await refused(
          await asked,
          /profiles: somebody else has changed this host meanwhile; nothing was changed/,
        );
        await stack.operator(`cp -p /root/manifest ${manifest}; rm /root/manifest`);
        expect(waiting).toMatch(/^0::\/system\.slice\/run-[\w-]+\.scope\n0\nSigBlk:\s+0{16}\n/m);
      });

      test("by not reading what it says", async () => {
        const before = (await stack.operator(`stat -c %i ${manifest}`)).trim();
        const asked = asDeployer(
          `exec 3<&0; (head -c 65536 /dev/zero; exec sudo -n ${deployer} ${again} <&3) | sleep 20`,
          declarations["profiles"],
        );
        await stack.operator(
          `for i in $(seq 100); do [ "$(stat -c %i ${manifest})" = ${before} ] || exec flock -w 5 ${lock} true; sleep 0.1; done; exit 1`,
        );
        await asked;
      });
    });
  });
});
