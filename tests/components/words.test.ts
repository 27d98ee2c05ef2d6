import { describe, expect, it } from "vitest";
import { AptPackage } from "../../components/host/apt-package";
import { AptRepository, keyring } from "../../components/host/apt-repository";
import { Host } from "../../components/host/host";
import type { HostArgs } from "../../components/host/host-args";
import { renderDeclaration } from "../../components/host/declaration";
import { ServiceConfig } from "../../components/host/service-config";
import { renderAptSource } from "../../render/apt";
import { register } from "./mocks";
import { hostKey } from "./stack";

const hostArgs: HostArgs = {
  environment: "web",
  owner: "org/project/web",
  ownsPlatform: true,
  ssh: { address: "192.0.2.1", port: 22, user: "root", hostKey },
  requirements: { ports: [], disks: [] },
};
const declaration = {
  unit: "caddy.service",
  user: "caddy",
  package: { name: "caddy", version: "2" },
  trees: [],
  validate: [],
  health: [],
  files: [],
};
const source = renderAptSource({
  url: "https://x.test",
  suite: "s",
  component: "c",
  keyFile: keyring("tools"),
});
const sourceArgs = { id: "tools", keyUrl: "https://x.test/key", fingerprint: "0".repeat(40), source };

/** What a program that makes something of the library is told, beside a host that is right. */
async function refusal(make: (host: Host) => unknown): Promise<string> {
  let told = "nothing";
  await register(() => {
    const host = new Host("web", hostArgs);
    try {
      make(host);
    } catch (error) {
      told = String(error);
    }
  }, "web-setup");
  return told;
}

describe("what a program gives that knows nothing of the host's files is refused before any resource, all at once", () => {
  it("of a host", async () => {
    expect(
      await refusal(
        () =>
          new Host("next", {
            ...hostArgs,
            environment: "../etc",
            ssh: { ...hostArgs.ssh, hostKey: undefined },
          }),
      ),
    ).toBe(
      'Error: Host next:\n- environment is "../etc", and must be a-z, 0-9 and -, a letter first, at most 31 characters\n' +
        "- ssh.hostKey must be set, or ssh.insecureSkipHostKey: without, any server is taken for this one",
    );
    expect(await refusal(() => new Host("next", { ...hostArgs, environment: "configured" }))).toContain(
      "a name of our own",
    );
    const jump = { ...hostArgs.ssh, hostKey: undefined };
    expect(await refusal(() => new Host("next", { ...hostArgs, ssh: { ...hostArgs.ssh, jump } }))).toContain(
      "- ssh.jump.hostKey must be set",
    );
    const open = { ...jump, insecureSkipHostKey: true };
    expect(await refusal(() => new Host("next", { ...hostArgs, ssh: open }))).toBe("nothing");
  });

  it("of a package source", async () => {
    const wrong = { id: "a/b", keyUrl: "key.asc", fingerprint: "B53A E77B", source: "Types: deb\n" };
    const told = await refusal((host) => new AptRepository("tools", { host, ...wrong }));
    for (const name of ["id is", "keyUrl is", "fingerprint is", "source must be"])
      expect(told).toContain(`\n- ${name}`);
    expect(await refusal((host) => new AptRepository("tools", { host, ...sourceArgs }))).toBe("nothing");
  });

  it("of a package", () => {
    const make = (): unknown =>
      new AptPackage({ source: "/x", name: "a b", version: "1 2", dataDirectory: "/var/lib/x" });
    expect(make).toThrow(/^AptPackage a b:\n- name is .*\n- version is .*\n- source is /);
  });

  it.each(["packages", "sources", "scripts", "source-x", "apt-x", "A", "a/b", ""])(
    "of a service, whose records would be %j",
    async (id) => {
      expect(await refusal((host) => new ServiceConfig("caddy", { host, id, declaration }))).toContain(
        "Error: ServiceConfig caddy:\n- id is",
      );
    },
  );

  it("of a declaration", () => {
    const told = (): string =>
      renderDeclaration({ ...declaration, unit: "caddy", user: "a b", groups: ["x y"] });
    expect(told).toThrow(/^caddy:\n- unit is .*\n- user is .*\n- group x y is /);
    expect(renderDeclaration(declaration)).toContain("unit caddy.service\nuser caddy\n");
  });
});
