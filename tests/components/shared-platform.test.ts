import { describe, expect, test } from "vitest";
import { identityOf, isOtherHost } from "../../components/host/identity";
import { platformOf, refuseOther, usable } from "../../components/shared-platform";
import type { Settings } from "../../config/settings";
import { validateSettings } from "../../config/validate";
import { hostKey, minimal } from "./stack";

const other = `${hostKey.slice(0, -4)}AAAA`;
const settings = (values: object): Settings => {
  const result = validateSettings({ ...minimal, ...values }, new Set());
  if ("issues" in result) throw new Error(JSON.stringify(result.issues));
  return result.settings;
};

describe("a host", () => {
  test("is known by its key, as ssh-keygen prints it, and not by its address", () => {
    expect(identityOf({ address: "a", hostKey }).key).toMatch(/^ssh-ed25519 SHA256:[A-Za-z0-9+/]{43}$/);
    const here = identityOf({ address: "a", hostKey });
    expect(isOtherHost(here, identityOf({ address: "b", hostKey }))).toBe(false);
    expect(isOtherHost(here, identityOf({ address: "a", hostKey: other }))).toBe(true);
  });

  test("is not called another one where the keys cannot tell", () => {
    const here = identityOf({ address: "a", hostKey });
    expect(isOtherHost(here, identityOf({ address: "b" }))).toBe(false);
    expect(isOtherHost(here, { address: "b", key: "ecdsa-sha2-nistp256 SHA256:x" })).toBe(false);
  });
});

describe("a platform of another stack", () => {
  const owner = "o/p/prod";
  const refuse = (environment: string, key?: string): void => {
    const host = key === undefined ? {} : { host: identityOf({ address: "192.0.2.9", hostKey: key }) };
    refuseOther({ environment, ...host }, owner, settings({}));
  };

  test("is refused where it is on another host, and where its environment is the same", () => {
    expect(() => {
      refuse("production", other);
    }).toThrow(
      /^platform\.stack: the platform of o\/p\/prod is on another host: it is at 192\.0\.2\.9 \(ssh-ed/,
    );
    expect(() => {
      refuse("test", hostKey);
    }).toThrow("environment: test is that of o/p/prod, which has the platform: set another one");
    refuse("production", hostKey);
    refuse("production");
  });

  test("is read as far as its format is known", () => {
    // As commit 93fb0d0 has left it.
    const first = {
      environment: "production",
      alloy: { version: "1.10.0-1", httpPort: 12345 },
      pyroscopeUrl: "http://127.0.0.1:4040",
    };
    const own = { ...first, format: 2, authenticates: false };
    const further = { ...own, format: 3, also: { authenticates: true } };
    for (const each of [own, further]) expect(usable(each, owner)).toEqual(each);
    const problems = { earlier: first, newer: { ...own, format: 4 }, no: undefined };
    const words = Object.values(problems).map((output) => {
      try {
        usable(output, owner);
        return "accepted";
      } catch (error) {
        return String(error);
      }
    });
    expect(words).toEqual([
      expect.stringMatching(
        /platform\.stack: the stack o\/p\/prod was last brought up by an earlier version of this program: pulumi up that one first$/,
      ),
      expect.stringMatching(
        /prod was last brought up by a newer version of this program \(its output platform is of format 4, and this one reads 3\): use the newer version for this stack, too$/,
      ),
      expect.stringMatching(/prod has no platform yet: pulumi up that one first$/),
    ]);
  });

  test("is not the stack's own", () => {
    expect(() => platformOf(settings({ platform: { stack: owner } }), owner)).toThrow(
      "platform.stack: o/p/prod is this stack itself",
    );
  });
});
