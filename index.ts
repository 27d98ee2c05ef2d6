import * as pulumi from "@pulumi/pulumi";
import {
  earlierHosts,
  leftBehind,
  loadSettings,
  ProfilingStack,
  readOperatorFiles,
  refuseLoss,
} from "./library";

/**
 * The program: the settings of this stack, what they declare, and the stack's outputs. Pulumi calls it for each
 * `preview` and `up`; so does the Automation API.
 * @param directory where the stack's file is
 */
async function program(directory = process.cwd()): Promise<Record<string, unknown>> {
  const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const agentSocket = process.env["SSH_AUTH_SOCK"] ?? "";
  const gitRef = process.env["SOAR_GIT_REF"] ?? "";
  const { warnings, remarks, ...loaded } = loadSettings(undefined, { directory, agentSocket, gitRef });
  for (const warning of warnings) void pulumi.log.warn(warning);
  for (const remark of remarks) void pulumi.log.info(remark);
  const files = readOperatorFiles(loaded.settings, directory);
  const renamed = await earlierHosts("soar", stack, loaded.settings);
  const leftInGrafana = await leftBehind("soar-grafana", stack, { ...loaded, files });
  const declared = new ProfilingStack("soar", { ...loaded, stack, files, leftInGrafana, renamed });
  // Nothing else is awaited before all is declared. The first command is the preflight, which changes nothing.
  await refuseLoss(stack, loaded.settings);
  return declared.outputs();
}

export = program;
