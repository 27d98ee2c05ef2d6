import * as pulumi from "@pulumi/pulumi";
import { ProfilingStack } from "./components/profiling-stack";
import { loadSettings } from "./config/load";

/**
 * The program: the settings of this stack, what they declare, and the stack's outputs. Pulumi calls it for each
 * `preview` and `up`; so does the Automation API.
 */
function program(): Promise<Record<string, unknown>> {
  const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  return Promise.resolve(new ProfilingStack("soar", { ...loadSettings(), stack }).outputs());
}

export = program;
