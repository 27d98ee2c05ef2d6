import { beforeAll, describe, expect, test } from "vitest";
import { fillDisk } from "./harness/faults";
import { VersionedFragments } from "./harness/fragments";
import { TestStack } from "./harness/stack";
import { applyByHand, configuration, processes } from "./harness/transaction";

describe("a transaction on a host whose disk is full, or whose clock is set", async () => {
  const stack = await TestStack.create("full", {
    host: { limited: { path: "/var/lib/soar-profiling", size: "2M" } },
  });
  const fragments = new VersionedFragments(stack);

  beforeAll(async () => {
    fragments.configureNext();
    await stack.up();
  });

  test("a full disk, whatever space is left: nothing changes, until the space is enough", async () => {
    const old = await fragments.declaration();
    const before = [await configuration(stack), await processes(stack)];
    let refusals = 0;
    for (let leave = 0; ; leave += 24, refusals++) {
      const free = await fillDisk(stack, "/var/lib/soar-profiling", leave);
      const { code, text } = await applyByHand(stack, "profiles", fragments.next(old));
      await free();
      if (code === 0) break;
      expect(text).toMatch(/No space left on device|I\/O error/);
      expect([await configuration(stack), await processes(stack)]).toEqual(before);
      await fragments.expectVersion(fragments.version);
    }
    expect(refusals).toBeGreaterThan(2);
    await fragments.expectVersion(fragments.version + 1);
    expect((await applyByHand(stack, "profiles", old)).code).toBe(0);
  });

  test("a clock that is set forward while it probes takes no good change back", async () => {
    // Ours comes first in the scripts' PATH: each look at it is an hour later.
    const date = "/usr/local/sbin/date";
    const text = `#!/bin/sh\necho >>/run/looks\nexec /usr/bin/date -d "+$(wc -l </run/looks) hours" "$@"\n`;
    await stack.operator(`printf '%s' '${text}' >${date}; chmod 755 ${date}`);
    const late = "health 30 date >/dev/null; [ $(wc -l </run/looks) -ge 4 ]";
    const { code, text: words } = await applyByHand(
      stack,
      "profiles",
      fragments.next(await fragments.declaration()).replace(/^health .*$/m, late),
    );
    expect([words, code]).toEqual([expect.stringContaining("alloy.service reloaded") as unknown, 0]);
    await stack.operator(`rm ${date} /run/looks`);
    expect((await applyByHand(stack, "profiles", await fragments.declaration())).code).toBe(0);
    await fragments.expectVersion(fragments.version);
  });

  test.each(["/etc/alloy/conf.d", "/var/lib/soar-profiling"])(
    "%s fills while the service starts on the new files: the old ones are back all the same",
    async (directory) => {
      const before = await fragments.digests();
      if (directory.startsWith("/etc")) {
        await stack.operator(
          `mkdir /run/filling; mount -t tmpfs -o size=200k,mode=0750 tmpfs /run/filling; ` +
            `cp -a ${directory}/. /run/filling; mount --bind /run/filling ${directory}`,
        );
      }
      // It is asked of the old files, too, once they are back.
      const areNew = `grep -q '_v${fragments.version + 1}"' /etc/alloy/conf.d/sandbox-one.alloy`;
      const fills = `health 1 ! ${areNew} || { dd if=/dev/zero of=${directory}/filler bs=1k 2>/dev/null; false; }`;
      const next = fragments.next(await fragments.declaration());
      const { code, text } = await applyByHand(stack, "profiles", next.replace(/^health .*$/m, fills));
      expect(text).toContain("the old files are back and alloy.service runs on them");
      expect(code).toBe(1);
      expect(await fragments.digests()).toEqual(before);
      await stack.operator(`rm ${directory}/filler`);
      await fragments.expectVersion(fragments.version);
      if (directory.startsWith("/etc")) await stack.operator(`umount ${directory} /run/filling`);
      await stack.up();
      await fragments.expectVersion(fragments.version);
    },
  );

  test("no room for the second of the new files beside the old ones: `up` says so, and nothing changes", async () => {
    const directory = "/etc/alloy/conf.d";
    // As many pages as the files have, and one more.
    const pages = `find ${directory} -type f -printf '%s\\n' | awk '{ n += int(($1 + 4095) / 4096) } END { print n + 1 }'`;
    await stack.operator(
      `mkdir /run/small; mount -t tmpfs -o size=$((4 * $(${pages})))k,mode=0750 tmpfs /run/small && ` +
        `cp -a ${directory}/. /run/small && mount --bind /run/small ${directory}`,
    );
    const before = [await configuration(stack), await processes(stack)];
    fragments.configureNext();
    expect(await stack.upFails()).toContain("No space left on device");
    expect([await configuration(stack), await processes(stack)]).toEqual(before);
    await fragments.expectVersion(fragments.version - 1);
    await stack.operator(`umount ${directory} /run/small`);
    await stack.up();
    await fragments.expectVersion(fragments.version);
  });
});
