import { describe, expect, it } from "vitest";
import { prepareIngredients } from "../../sandbox/host/prepare";
import { signRepository } from "../../sandbox/packages/sign";
import { holdLock } from "./harness/faults";
import { copyRepository } from "./harness/repository";
import { TestStack } from "./harness/stack";

const keyring = "/etc/apt/keyrings/grafana.asc";
const source = "/etc/apt/sources.list.d/grafana.sources";
const foreign = "/etc/apt/sources.list.d/by-hand.sources";

describe("the package source", async () => {
  const stack = await TestStack.create("source");
  const directory = await copyRepository(stack.host);
  const { repository } = await prepareIngredients();
  const url = stack.host.repositoryUrl;

  const pin = (fingerprint: string): void => {
    stack.configure({ repository: { url, keyUrl: `${url}/key.asc`, fingerprint } });
  };
  /** All that belongs to apt's sources, and what it downloaded. */
  const picture = (): Promise<string> =>
    stack.operator(
      "find /etc/apt /var/lib/apt/lists -type f -exec stat -c '%n %a %U:%G %y' {} + -exec sha256sum {} + | sort",
    );
  const trusted = async (): Promise<string> => {
    const listing = await stack.operator(`gpg --show-keys --with-colons ${keyring}`);
    return [...listing.matchAll(/^fpr:+([0-9A-F]{40}):/gm)].map(([, found]) => found).join();
  };

  it("with a key that is not the pinned one is refused, and nothing changes", async () => {
    const before = await picture();
    pin("0123456789ABCDEF0123456789ABCDEF01234567");
    const text = await stack.upFails();
    expect(text).toContain(
      `soar-profiling: the key at ${url}/key.asc is not the pinned one: found ${repository.fingerprint}, pinned ` +
        "0123456789ABCDEF0123456789ABCDEF01234567. If the publisher has announced a new key, set repository.fingerprint to it.",
    );
    expect(await picture()).toBe(before);
    expect(await stack.status("dpkg -s pyroscope || dpkg -s alloy")).not.toBe(0);
  });

  it("which another source contradicts that cannot make way is refused before any change, with the file that it is in", async () => {
    pin(repository.fingerprint);
    await stack.operator(
      `printf 'Types: deb\\nURIs: ${url}\\nSuites: stable\\nComponents: main\\nTrusted: yes\\nSigned-By: /etc/apt/keyrings/by-hand.asc\\n' >${foreign}`,
    );
    const before = await picture();
    // Not at the first `up` alone: what the host must offer has changed.
    stack.configure({ pyroscope: { ...(stack.setting("pyroscope") as object), diskBudget: "6GiB" } });
    expect(await stack.upFails()).toContain(
      `- ${foreign} has ${url} stable already, which apt refuses beside the stack's source, and which cannot make way ` +
        "(it has the option trusted): remove it there\n",
    );
    expect(await picture()).toBe(before);
    await stack.operator(`rm ${foreign}`);
  });

  it("with the pinned key is trusted, for that source alone, also while another apt reads its lists", async () => {
    const released = await holdLock(stack, "/var/lib/apt/lists/lock", "apt-repository", 8);
    const { text } = await stack.up();
    expect(text).toMatch(/waiting for another process: E: Could not get lock \/var\/lib\/apt\/lists\/lock/);
    expect(await released()).toBeGreaterThan(0);
    expect(await trusted()).toBe(repository.fingerprint);
    expect(await stack.operator(`stat -c '%a %U:%G' ${keyring} ${source}`)).toBe(
      "644 root:root\n644 root:root\n",
    );
    expect(await stack.operator(`grep ^Signed-By ${source}`)).toBe(`Signed-By: ${keyring}\n`);
    expect(await stack.operator("ls /etc/apt/trusted.gpg.d | grep -vc ^debian-archive- || :")).toBe("0\n");
    expect(await stack.operator("apt-get update 2>&1 | grep -c ^[WE]: || :")).toBe("0\n");
  });

  it("that refuses a change keeps what was there, files and lists", async () => {
    const before = await picture();
    stack.configure({
      repository: { ...(stack.setting("repository") as object), suite: "unstable" },
    });
    const text = await stack.upFails();
    expect(text).toContain(
      "soar-profiling: apt refuses the source grafana (its words above); the old state is back",
    );
    expect(text).toContain("unstable");
    expect(await picture()).toBe(before);
    pin(repository.fingerprint);
    // The preflight looks at the host once more.
    expect((await stack.up()).changes).toEqual({ same: expect.any(Number) as number, update: 1 });
  });

  it("whose key was changed by its publisher is renewed when the pin changes, and not before", async () => {
    const fresh = await signRepository(directory);
    expect(fresh).not.toBe(repository.fingerprint);
    expect(Object.keys((await stack.up()).changes)).toEqual(["same"]);
    expect(await trusted()).toBe(repository.fingerprint);
    expect(await stack.operator("apt-get update 2>&1 | grep -c ^[WE]: || :")).not.toBe("0\n");

    const pids = await stack.fingerprint([], ["pyroscope", "alloy"]);
    pin(fresh);
    const { text } = await stack.up();
    expect(text).toContain(`apt source grafana is in place, signed by ${fresh}`);
    expect(await trusted()).toBe(fresh);
    expect(await stack.operator("apt-get update 2>&1 | grep -c ^[WE]: || :")).toBe("0\n");
    expect(await stack.fingerprint([], ["pyroscope", "alloy"])).toBe(pids);
  });
});
