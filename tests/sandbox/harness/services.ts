import { services } from "../../../sandbox/services/list";
import type { TestStack } from "./stack";

/** The port of a service of the sandbox. */
export function portOf(name: string): number {
  const service = services.find((one) => one.name === name);
  if (service === undefined) throw new Error(`the sandbox has no service ${name}`);
  return service.port;
}

/** Gives a service's endpoints a fault, such as `html`, from now on; `none` ends it. */
export async function setFault(stack: TestStack, name: string, kind: string): Promise<void> {
  await stack.operator(`curl -sSf -X POST 'http://127.0.0.1:${portOf(name)}/fault?kind=${kind}'`);
}

/** Starts a service anew with further options, such as `--cap 5`, and it is quiet no more; without any, as it was. */
export async function serveWith(stack: TestStack, name: string, options: string): Promise<void> {
  const directory = `/etc/systemd/system/${name}.service.d`;
  const loud = options === "" ? "" : "s/ --quiet//; ";
  const line = `$(sed -n '/^ExecStart=/{s///; ${loud}p}' /etc/systemd/system/${name}.service) ${options}`;
  await stack.operator(
    `rm -rf ${directory}; mkdir ${directory}; printf '[Service]\\nExecStart=\\nExecStart=%s\\n' "${line}" >${directory}/options.conf; ` +
      `systemctl daemon-reload && systemctl restart ${name} && ` +
      `curl -sf -o /dev/null --retry 20 --retry-delay 1 --retry-connrefused http://127.0.0.1:${portOf(name)}/metrics`,
  );
}
