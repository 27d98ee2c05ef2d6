import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

/** As many commands as the setting `commands` says. */
function program(): Promise<Record<string, unknown>> {
  const count = new pulumi.Config("soar-profiling").requireNumber("commands");
  for (let index = 0; index < count; index++) {
    new command.local.Command(`command-${index}`, { create: "true" });
  }
  return Promise.resolve({});
}

export = program;
