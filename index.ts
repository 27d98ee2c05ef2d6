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
  const declared = new ProfilingStack("soar", { ...loaded, stack });
  // Nothing is awaited before all is declared. The first command is the preflight, which changes nothing.
  await refuseLoss(stack, loaded.settings);
  return declared.outputs();
}

export = program;
