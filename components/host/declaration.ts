/** What a change of a file asks of the unit: `restart`, `reload`, or `none` where it reads the file by itself. */
export type Activation = "restart" | "reload" | "none";

/** A file of a service. */
export interface ServiceFile {
  /** Absolute path on the host, without white space. */
  path: string;
  /** Four octal digits, such as `0640`. */
  mode: string;
  /** `user:group`. */
  owner: string;
  activation: Activation;
  /** The text, ending with a newline. */
  content: string;
}

/** A directory that must be there for the files; removed again if it was made for them and is empty. */
export interface ServiceDirectory {
  path: string;
  mode: string;
  owner: string;
}

/** A command that must succeed within `seconds` after the unit was activated. */
export interface HealthCheck {
  seconds: number;
  command: string;
}

/** All files of one service in one environment, and how to handle them: one transaction on the host. */
export interface ServiceDeclaration {
  /** The systemd unit, such as `alloy.service`. */
  unit: string;
  /** The user that the unit runs as; the validators run as it too, so a file that it cannot read is refused. */
  user: string;
  /** The package and version that the files are for; a new version restarts the unit. */
  package: { name: string; version: string };
  /** Directories that are staged whole for the validation. */
  trees: readonly string[];
  /** Each must exit 0; it sees the staged trees at their real paths. */
  validate: readonly string[];
  /** Exits with the service's own verdict. Without it, every change restarts the unit. */
  reload?: string;
  health: readonly HealthCheck[];
  /** Lists what is wrong at the moment, one a line; a new line after the activation counts as a failure. */
  faults?: string;
  directories?: readonly ServiceDirectory[];
  files: readonly ServiceFile[];
}

/**
 * The text that `service-config apply` reads (the grammar is in that script). Content is indented by two spaces, so
 * that no content can be taken for a line of the declaration and `pulumi preview --diff` shows it line by line.
 * @param secret a file holds a secret: what the tools say of the files does not leave the host
 * @throws Error where a value cannot be said in it: a path with white space, a text without a last newline, a NUL.
 */
export function renderDeclaration(declaration: ServiceDeclaration, secret = false): string {
  const lines = [`unit ${declaration.unit}`, `user ${declaration.user}`];
  if (secret) lines.push("secret yes");
  lines.push(`package ${declaration.package.name} ${declaration.package.version}`);
  for (const tree of declaration.trees) lines.push(`tree ${path(tree)}`);
  for (const command of declaration.validate) lines.push(`validate ${command}`);
  if (declaration.reload !== undefined) lines.push(`reload ${declaration.reload}`);
  for (const check of declaration.health) lines.push(`health ${check.seconds} ${check.command}`);
  if (declaration.faults !== undefined) lines.push(`faults ${declaration.faults}`);
  for (const directory of declaration.directories ?? []) {
    lines.push(`directory ${path(directory.path)} ${mode(directory.mode)} ${directory.owner}`);
  }
  const header = lines.find((line) => line.includes("\n"));
  if (header !== undefined) throw new Error(`a line of a service declaration holds a newline: ${header}`);
  for (const file of declaration.files) {
    lines.push(`file ${mode(file.mode)} ${file.owner} ${file.activation} ${path(file.path)}`);
    lines.push(...content(file));
  }
  return [...lines, "end", ""].join("\n");
}

function path(value: string): string {
  if (!/^\/[^\s]*$/.test(value)) throw new Error(`"${value}" is no absolute path without white space`);
  return value;
}

function mode(value: string): string {
  if (!/^[0-7]{4}$/.test(value)) throw new Error(`"${value}" is no mode of four octal digits`);
  return value;
}

function content(file: ServiceFile): string[] {
  if (!file.content.endsWith("\n"))
    throw new Error(`the content of ${file.path} does not end with a newline`);
  if (file.content.includes("\0")) throw new Error(`the content of ${file.path} holds a NUL character`);
  return file.content
    .slice(0, -1)
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${line}`));
}
