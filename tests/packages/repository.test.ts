import { expect, it } from "vitest";

import { releaseOptions, revisions } from "../../sandbox/packages/repository";
import { fingerprintIn } from "../../sandbox/packages/sign";

it.each(["1.21.1", "v1.21.1"])("makes two Debian revisions of %s, the older first", (version) => {
  expect(revisions(version)).toEqual(["1.21.1-1", "1.21.1-2"]);
});

it("describes the repository in Release as Grafana's own does", () => {
  expect(releaseOptions("arm64").filter((option) => option !== "-o")).toEqual([
    "APT::FTPArchive::Release::Origin=soar-profiling sandbox",
    "APT::FTPArchive::Release::Suite=stable",
    "APT::FTPArchive::Release::Codename=stable",
    "APT::FTPArchive::Release::Architectures=arm64",
    "APT::FTPArchive::Release::Components=main",
  ]);
});

it("reads the fingerprint of the primary key, not of a subkey", () => {
  const primary = "46B17F8A47987229AD76997A42F6AFC1BFB19265";
  const subkey = "0123456789ABCDEF0123456789ABCDEF01234567";
  const listing = `tru::1:0:0:3:1:5\npub:u:255:22:42F6AFC1BFB19265:0:::u:::scSC:::+::ed25519:::0:\nfpr:::::::::${primary}:\nsub:u:255:18:89ABCDEF01234567:0::::::e:::+::cv25519::\nfpr:::::::::${subkey}:\n`;
  expect(fingerprintIn(listing)).toBe(primary);
  expect(() => fingerprintIn("gpg: nothing")).toThrow("no fingerprint");
});
