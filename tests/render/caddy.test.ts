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
};

test.each([
  ["site.caddy", site],
  ["site-push.caddy", { ...site, allowPush: true, tls: "internal" } as const],
  ["site-open.caddy", { ...site, users: undefined }],
])("golden %s", async (file, args) => {
  await expect(renderSite(args)).toMatchFileSnapshot(`../golden/${file}`);
});

describe("refused", () => {
  test("a site for nobody", () => {
    expect(() => renderSite({ ...site, users: [] })).toThrow("needs a user");
  });
  test("a name with a line break", () => {
    expect(() => renderSite({ ...site, users: [{ name: "a\nb", hash }] })).toThrow("line break");
  });
});
