import * as pulumi from "@pulumi/pulumi";
import { ProfilingStack } from "./components/profiling-stack";
import { refuseLoss } from "./components/version-change";
import { loadSettings } from "./config/load";

/**
 * The program: the settings of this stack, what they declare, and the stack's outputs. Pulumi calls it for each
 * `preview` and `up`; so does the Automation API.
 */
async function program(): Promise<Record<string, unknown>> {
  const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const loaded = loadSettings();
  await refuseLoss(stack, loaded.settings);
  return new ProfilingStack("soar", { ...loaded, stack }).outputs();
}

export = program;
