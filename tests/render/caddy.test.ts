import { describe, expect, test } from "vitest";
import { renderSite, type SiteArgs } from "../../render/caddy";

const hash = `$2y$10$${"a".repeat(53)}`;
const site: SiteArgs = {
  environment: "production",
  domain: "pyroscope.glider.flights",
  tls: "acme",
  upstream: "127.0.0.1:4040",
  users: [
    { name: "soar", hash },
    { name: "anna", hash },
  ],
  allowPush: false,
  caddyVersion: "2.6.2",
};

test.each([
  ["site.caddy", site],
  ["site-push.caddy", { ...site, allowPush: true, tls: "internal", caddyVersion: "2.8.0" } as const],
  ["site-open.caddy", { ...site, users: undefined }],
])("golden %s", async (file, args) => {
  await expect(renderSite(args)).toMatchFileSnapshot(`../golden/${file}`);
});

test("the directive has the name that the installed Caddy knows", () => {
  const directive = (caddyVersion: string): string | undefined =>
    /basic_?auth/.exec(renderSite({ ...site, caddyVersion }))?.[0];
  expect(["2.6.2", "2.7.6", "2.8.0", "2.10.2", "3.0.0"].map(directive)).toEqual([
    ...["basicauth", "basicauth", "basic_auth", "basic_auth", "basic_auth"],
  ]);
});

describe("refused", () => {
  test("a site for nobody", () => {
    expect(() => renderSite({ ...site, users: [] })).toThrow("needs a user");
  });
  test("a name with a line break", () => {
    expect(() => renderSite({ ...site, users: [{ name: "a\nb", hash }] })).toThrow("line break");
  });
});
