import { expect, it } from "vitest";
import { type Deployment, hasFailed, renderDeployment, summarizeUp } from "../../ci/deployment";

const up = { failed: false, summary: "1 updated", text: "Updating (prod)\n" };
const verify = { failed: false, text: "SERVICE  KIND\nsoar-run cpu\n" };

function deployment(changes: Partial<Deployment> = {}): Deployment {
  return { stack: "prod", gitRef: "0123456789abcdef0123456789abcdef01234567", up, verify, ...changes };
}

it("has verify's table open, and what the up said folded", () => {
  expect(renderDeployment(deployment()))
    .toBe(`### Deploy of prod at 0123456789abcdef0123456789abcdef01234567: done

<details><summary><b>up</b>: 1 updated</summary>

\`\`\`text
Updating (prod)
\`\`\`

</details>

<details open><summary><b>verify</b>: all of it arrives</summary>

\`\`\`text
SERVICE  KIND
soar-run cpu
\`\`\`

</details>
`);
});

it("has failed where verify has, with its table", () => {
  const failed = deployment({ gitRef: "", verify: { failed: true, text: "BROKEN" } });
  expect(hasFailed(failed)).toBe(true);
  expect(renderDeployment(failed)).toMatch(/^### Deploy of prod: failed\n/);
  expect(renderDeployment(failed)).toContain(
    "<b>verify</b>: not all of it arrives</summary>\n\n```text\nBROKEN\n",
  );
});

it("has failed where the up has, and says that nothing was verified", () => {
  const failed = deployment({ up: { failed: true, summary: "failed", text: "error" }, verify: undefined });
  expect(hasFailed(failed)).toBe(true);
  expect(renderDeployment(failed)).toContain("<details open><summary><b>up</b>: failed</summary>");
  expect(renderDeployment(failed)).toContain("\n**verify** was not run, because the up failed\n");
});

it.each([
  [{ same: 20, update: 1, create: 2, delete: 0 }, "1 updated, 2 created"],
  [{ same: 20, delete: 3, replace: 1 }, "3 deleted, 1 replace"],
  [{ same: 20 }, "no changes"],
])("%j is %j", (changes, words) => {
  expect(summarizeUp(changes)).toBe(words);
});

it("is not longer than GitHub takes", () => {
  const long = { ...up, text: "ä\n".repeat(1_000_000) };
  expect(Buffer.byteLength(renderDeployment(deployment({ up: long })))).toBeLessThan(1024 * 1024);
});
