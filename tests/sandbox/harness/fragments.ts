import { expect } from "vitest";
import type { TestStack } from "./stack";
import { declarationOf, expectSettled } from "./transaction";

/**
 * A transaction of three files that come in versions: two fragments of Alloy's configuration, whose components carry the
 * version in their names, and the targets.
 */
export class VersionedFragments {
  /** The one that is configured. */
  version = 0;
  private readonly services: unknown[];
  private readonly alloy: object;

  constructor(private readonly stack: TestStack) {
    this.services = stack.setting("services") as unknown[];
    this.alloy = stack.setting("alloy") as object;
  }

  /** The next state: both fragments and the targets differ from the one before. */
  configureNext(): void {
    this.version++;
    const fragment = (name: string): string =>
      `local.file "${name}_v${this.version}" {\n  filename = "/etc/hostname"\n}\n`;
    this.stack.configure({
      alloy: { ...this.alloy, fragments: { one: fragment("one"), two: fragment("two") } },
      services: this.version % 2 === 0 ? this.services : this.services.slice(1),
    });
  }

  /** What the engine has sent last. */
  declaration(): Promise<string> {
    return declarationOf(this.stack, "soar-profiles-config-files");
  }

  /** A declaration of the configured version as one of the version after it. */
  next(declaration: string): string {
    return declaration.replaceAll(`_v${this.version}"`, `_v${this.version + 1}"`).replace('"6s"', '"20s"');
  }

  /** Digests of the three files, by path. */
  async digests(): Promise<Map<string, string>> {
    const text = await this.stack.operator("sha256sum /etc/alloy/conf.d/sandbox-*.alloy");
    return new Map(
      text
        .trim()
        .split("\n")
        .map((line) => [line.slice(66), line.slice(0, 64)]),
    );
  }

  /** Fails where the files are of another version, where Alloy runs another, or where a transaction has left anything. */
  async expectVersion(number: number): Promise<void> {
    expect(
      await this.stack.operator("grep -ho '[a-z]*_v[0-9]*' /etc/alloy/conf.d/sandbox-*.alloy | tr '\\n' ' '"),
    ).toBe(`one_v${number} two_v${number} `);
    expect(await this.loaded()).toBe(`local.file.one_v${number} local.file.two_v${number} `);
    await expectSettled(this.stack);
  }

  /** The components that Alloy runs: the version that it has loaded. */
  private loaded(): Promise<string> {
    return this.stack.operator(
      "curl -sSf http://127.0.0.1:12345/api/v0/web/components | grep -o 'local.file.[a-z]*_v[0-9]*' | sort -u | tr '\\n' ' '",
    );
  }
}
