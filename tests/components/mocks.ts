import { gunzipSync } from "node:zlib";
import * as pulumi from "@pulumi/pulumi";
import type { MockCallArgs, MockResourceArgs } from "@pulumi/pulumi/runtime";
import { expect, vi } from "vitest";

/** A custom resource as it was registered, secrets marked as {@link Secret}. */
export interface Registered {
  name: string;
  type: string;
  inputs: Record<string, unknown>;
}

const signature = "4dabf18193072939515e22adb298388d";

/** A text with what is in the packed script that it has. */
export function unpacked(text: string): string {
  return text.replace(
    /<<'end of packed' .*\n(.*)\nend of packed\n/,
    (_, packed: string) => `\n${gunzipSync(Buffer.from(packed, "base64")).toString()}`,
  );
}

/** Replaces what Pulumi's protocol sends for a secret by `{ secret: value }`, and packed scripts by what is in them. */
function showSecrets(value: unknown): unknown {
  if (typeof value === "string") return unpacked(value);
  if (Array.isArray(value)) return value.map(showSecrets);
  if (typeof value !== "object" || value === null) return value;
  const entries = value as Record<string, unknown>;
  if (signature in entries) return { secret: showSecrets(entries["value"]) };
  return Object.fromEntries(Object.entries(entries).map(([key, item]) => [key, showSecrets(item)]));
}

/** What Pulumi says of the commands in a state, by their names. */
export function stateOf(commands: object): Record<string, unknown> {
  const type = "command:remote:Command";
  return Object.fromEntries(
    Object.entries(commands).map(([name, outputs]: [string, unknown]) => [
      `urn:pulumi:test::soar-profiling::soar:x$${type}::${name}`,
      { type, outputs },
    ]),
  );
}

/**
 * Runs a program against mocks and returns its custom resources in the order in which they were registered: a resource
 * is registered after all that it depends on, and `last` depends on all others. Calls and kinds that are not expected throw.
 */
export async function register(
  program: () => unknown,
  last: string,
  references: Record<string, unknown> = {},
): Promise<Registered[]> {
  const registered: Registered[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({
        name,
        type,
        inputs,
      }: Omit<MockResourceArgs, "inputs"> & { inputs: Record<string, unknown> }) => {
        if (type === "pulumi:pulumi:StackReference") {
          const outputs = references[name];
          if (outputs === undefined) throw new Error(`unexpected StackReference ${name}`);
          return { id: name, state: { name, outputs } };
        }
        if (!type.startsWith("soar:")) {
          if (!/^(command|random|grafana|pulumi:providers):/.test(type))
            throw new Error(`unexpected resource ${type} ${name}`);
          registered.push({ name, type, inputs: showSecrets(inputs) as Record<string, unknown> });
        }
        return { id: `${name}-id`, state: { ...inputs, stdout: "", stderr: "" } };
      },
      call: ({ token, inputs }: Omit<MockCallArgs, "inputs"> & { inputs: Record<string, unknown> }) => {
        if (token === "pulumi:pulumi:readStackResourceOutputs") {
          return { outputs: stateOf(references[`commands of ${String(inputs["stackName"])}`] ?? {}) };
        }
        const outputs = references[String(inputs["name"])];
        if (token !== "pulumi:pulumi:readStackOutputs" || outputs === undefined) {
          throw new Error(`unexpected call of ${token}`);
        }
        return { outputs };
      },
    },
    "soar-profiling",
    "test",
    false,
    "organization",
  );
  program();
  await vi.waitFor(() => {
    expect(registered.map(({ name }) => name)).toContain(last);
  }, 5_000);
  return registered;
}
