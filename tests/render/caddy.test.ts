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
  ["site-sender.caddy", { ...site, sender: { name: "soar-profiling-sender", hash } }],
])("golden %s", async (file, args) => {
  await expect(renderSite(args)).toMatchFileSnapshot(`../golden/${file}`);
});

test("who sends and does nothing else is let in where profiles are taken, and who reads there only if that is allowed", () => {
  const sender = { name: "sender", hash };
  /** Who is let in at the paths that take profiles, and elsewhere. */
  const letIn = (text: string): string[][] =>
    [...text.matchAll(/\thandle(?: @push)? \{\n(?:\t\tbasicauth \{\n([^}]*)\t\t\}\n)?/g)].map(
      ([, lines = ""]) =>
        lines.split("\n").flatMap((line) =>
          line
            .trim()
            .split(" ", 1)
            .filter((word) => word !== ""),
        ),
    );
  expect(letIn(renderSite({ ...site, sender }))).toEqual([["sender"], ["soar", "anna"]]);
  expect(letIn(renderSite({ ...site, sender, allowPush: true }))).toEqual([
    ["sender", "soar", "anna"],
    ["soar", "anna"],
  ]);
  expect(letIn(renderSite({ ...site, sender, users: undefined }))).toEqual([["sender"], []]);
  expect(letIn(renderSite({ ...site, sender, users: undefined, allowPush: true }))).toEqual([[], []]);
});

describe("refused", () => {
  test("a site for nobody", () => {
    expect(() => renderSite({ ...site, users: [] })).toThrow("needs a user");
  });
  test("a name with a line break", () => {
    expect(() => renderSite({ ...site, users: [{ name: "a\nb", hash }] })).toThrow("line break");
  });
});
