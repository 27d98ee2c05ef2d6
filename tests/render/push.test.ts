import { describe, expect, test } from "vitest";
import { renderPush } from "../../render/alloy/push";

describe("golden", () => {
  test("push", async () => {
    const services = [
      { name: "soar-web", gitRef: "v1.2.3" },
      { name: "soar.run", gitRef: "$HOME\\1" },
      { name: "soar-ingest", gitRef: "main" },
    ];
    const text = renderPush({
      environment: "blue-green",
      port: 4100,
      gitRef: "v1.2.3",
      services,
      authenticates: false,
    });
    await expect(text).toMatchFileSnapshot("../golden/push.alloy");
  });

  test("push, with a password", async () => {
    const services = [{ name: "soar-run" }];
    const text = renderPush({ environment: "production", port: 4101, services, authenticates: true });
    await expect(text).toMatchFileSnapshot("../golden/push-password.alloy");
  });
});

test("the order of the services does not change the text", () => {
  const services = ["b", "a", "c"].map((name) => ({ name, gitRef: `of-${name}` }));
  const render = (of: typeof services): string =>
    renderPush({ environment: "test", port: 4100, services: of, authenticates: false });
  expect(render(services)).toBe(render([...services].reverse()));
  expect(render(services)).not.toContain("undefined");
});
