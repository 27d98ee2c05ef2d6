import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { lastOutputs } from "../../components/host/last-outputs";
import { lastResources } from "../../components/host/last-resources";

test("the state of a stack is read once a run, whoever asks, and anew by the next", async () => {
  const asked: string[] = [];
  const run = async (): Promise<void> => {
    await pulumi.runtime.setMocks({
      newResource: ({ name }) => ({ id: name, state: {} }),
      call: ({ token, inputs }) => {
        const { name, stackName } = inputs as { name?: string; stackName?: string };
        asked.push(`${token} ${name ?? stackName ?? ""}`);
        return { outputs: {} };
      },
    });
    await Promise.all([lastOutputs("a"), lastOutputs("a"), lastResources("a"), lastOutputs("b")]);
    await Promise.all([lastOutputs("a"), lastResources("a")]);
  };
  const one = [
    "pulumi:pulumi:readStackOutputs a",
    "pulumi:pulumi:readStackResourceOutputs a",
    "pulumi:pulumi:readStackOutputs b",
  ];
  await run();
  expect(asked).toEqual(one);
  await run();
  expect(asked).toEqual([...one, ...one]);
});
