import { describe, expect, test } from "vitest";
import { identityOf, isOtherHost } from "../../components/host/identity";
import { platformOf, refuseOther } from "../../components/shared-platform";
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

  test("is not the stack's own", () => {
    expect(() => platformOf(settings({ platform: { stack: owner } }), owner)).toThrow(
      "platform.stack: o/p/prod is this stack itself",
    );
  });
});
