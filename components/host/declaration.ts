import { refuseWords, type Word } from "./words";

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

/** A command that must succeed within `seconds` after the unit was activated. Scripts are called by `Host.declared`. */
export interface HealthCheck {
  seconds: number;
  command: string;
}

/** A package that comes and goes with the declaration; one that the host had before stays, as it was. */
export interface Installation {
  /** The apt source that it is taken from, by the name of its files. */
  source: string;
  /** A newer one that is installed may be replaced by it. @default false */
  allowDowngrade?: boolean;
  /** Where the service stores its data. */
  dataDirectory: string;
  /** Remove the data with the package. @default false */
  purgeData?: boolean;
}

/** A file that is not ours, with one line of ours in it, which is taken out with the last declaration that has it. */
export type Edit =
  /** `value`, one line of YAML, is in the list at the top-level key `key` of a YAML file. */
  | { path: string; key: string; value: string }
  /** The file has this line; where it is missing, it is the last. */
  | { path: string; line: string };

/** All files of one service in one environment, and how to handle them: one transaction on the host. */
export interface ServiceDeclaration {
  /** The systemd unit, such as `alloy.service`. */
  unit: string;
  /** The user that the unit runs as; the validators run as it too, so a file that it cannot read is refused. */
  user: string;
  /**
   * The unit is the host's own, such as its Prometheus: it is told to reload while it runs, and never started, stopped,
   * restarted, enabled or disabled. Its files ask for no restart. @default false
   */
  isHostUnit?: boolean;
  /**
   * The package that the files are for, and its version, a new one of which restarts the unit. A unit of the host's own
   * may leave out either: its package is the host's own.
   */
  package?: { name: string; version?: string };
  /** The environment brings that version of the package, and keeps it there. @default the host has it */
  install?: Installation;
  /**
   * Brings what the program has stored by other files than these to where these have it, and back; see `scripts/carried.sh` for how
   * it is called. @default what is stored is left where it is
   */
  carry?: string;
  /** A line that the package's own scripts find at the end of a file while it is replaced, whatever else that says. */
  replacing?: { path: string; line: string };
  /** Groups that `user` must be in: it is put into those where it is missing, and the unit restarted if it runs without. */
  groups?: readonly string[];
  /** Directories that are staged whole for the validation. */
  trees: readonly string[];
  /** Each must exit 0; it sees the staged trees at their real paths, and has the unit's own environment. */
  validate: readonly string[];
  /**
   * Must exit 0 before anything is changed, while the unit runs: it asks the program whether that lets in who asks, with what the
   * staged files have for it. It is run by root, finds scripts of ours, and prints no secret. @default nothing is asked
   */
  ask?: string;
  /**
   * Exits with the service's own verdict; a unit that gives none in a minute is restarted, if it is not the host's own.
   * Without it, every change restarts the unit.
   */
  reload?: string;
  health: readonly HealthCheck[];
  /** Lists what is wrong at the moment, one a line; a new line after the activation counts as a failure. */
  faults?: string;
  /**
   * Prints a line for each thing of the declaration that the running program does not have: `differs WHAT`, or
   * `foreign WHAT` where no restart can help. Calls scripts that {@link Host} was given by their names, which are those of the
   * copies where the scripts are gone.
   */
  inForce?: string;
  directories?: readonly ServiceDirectory[];
  files: readonly ServiceFile[];
  /** What is changed in files that are not ours; a change reloads the unit. */
  edits?: readonly Edit[];
}

const account: Word = { form: /^[a-z_][a-z0-9_.-]*$/i, must: "the name of a user or group" };

/**
 * The text that `service-config apply` reads (the grammar is in that script). Content is indented by two spaces, so
 * that no content can be taken for a line of the declaration and `pulumi preview --diff` shows it line by line.
 * @param secret a file holds a secret: what the tools say of the files does not leave the host
 * @throws Error where a value cannot be said in it: a path with white space, a text without a last newline, a NUL; where a
 *   file is there twice, the host's own unit is to be restarted, or the package of another one is left out.
 */
export function renderDeclaration(declaration: ServiceDeclaration, secret = false): string {
  refuseWords(declaration.unit, {
    unit: [declaration.unit, { form: /^[\w:.@\\-]+\.service$/, must: "the name of a service's unit" }],
    user: [declaration.user, account],
    ...Object.fromEntries((declaration.groups ?? []).map((group) => [`group ${group}`, [group, account]])),
  });
  const lines = [`unit ${declaration.unit}`, `user ${declaration.user}`];
  if (declaration.isHostUnit === true) lines.push("host-unit yes");
  for (const group of declaration.groups ?? []) lines.push(`group ${group}`);
  if (secret) lines.push("secret yes");
  const { name, version } = checkUnit(declaration);
  if (name !== undefined) lines.push(`package ${name}${version === undefined ? "" : ` ${version}`}`);
  if (declaration.install !== undefined) {
    const { source, allowDowngrade = false, dataDirectory, purgeData = false } = declaration.install;
    lines.push(`install ${source}${allowDowngrade ? " downgrade" : ""}`);
    lines.push(`data ${purgeData ? "purge" : "keep"} ${path(dataDirectory)}`);
  }
  if (declaration.carry !== undefined) lines.push(`carry ${declaration.carry}`);
  const { replacing } = declaration;
  if (replacing !== undefined) lines.push(`replacing ${path(replacing.path)} ${replacing.line}`);
  for (const tree of declaration.trees) lines.push(`tree ${path(tree)}`);
  for (const command of declaration.validate) lines.push(`validate ${command}`);
  if (declaration.ask !== undefined) lines.push(`ask ${declaration.ask}`);
  if (declaration.reload !== undefined) lines.push(`reload ${declaration.reload}`);
  for (const check of declaration.health) lines.push(`health ${check.seconds} ${check.command}`);
  if (declaration.faults !== undefined) lines.push(`faults ${declaration.faults}`);
  if (declaration.inForce !== undefined) lines.push(`inforce ${declaration.inForce}`);
  for (const directory of declaration.directories ?? []) {
    lines.push(`directory ${path(directory.path)} ${mode(directory.mode)} ${directory.owner}`);
  }
  for (const edit of declaration.edits ?? []) lines.push(editLine(edit));
  const header = lines.find((line) => line.includes("\n"));
  if (header !== undefined) throw new Error(`a line of a service declaration holds a newline: ${header}`);
  const paths = declaration.files.map((file) => file.path);
  const twice = paths.find((one, index) => paths.indexOf(one) < index);
  if (twice !== undefined) throw new Error(`${twice} is declared twice`);
  for (const file of declaration.files) {
    lines.push(`file ${mode(file.mode)} ${file.owner} ${file.activation} ${path(file.path)}`);
    lines.push(...content(file));
  }
  return [...lines, "end", ""].join("\n");
}

/** What stands in a rendered declaration: the version of its package, and the content of each file by its path. */
export function readDeclaration(text: string): { version?: string; files: Map<string, string> } {
  const files = new Map<string, string>();
  let version: string | undefined;
  let path: string | undefined;
  for (const line of text.split("\n")) {
    if (line === "end") break;
    const [, file] = /^file \S+ \S+ \S+ (.+)$/.exec(line) ?? [];
    if (file !== undefined) {
      path = file;
      files.set(path, "");
    } else if (path !== undefined) files.set(path, `${files.get(path) ?? ""}${line.replace(/^ {2}/, "")}\n`);
    else version = /^package \S+ (.+)$/.exec(line)?.[1] ?? version;
  }
  return version === undefined ? { files } : { version, files };
}

/** The package of a declaration that is right about whose the unit is. */
function checkUnit(declaration: ServiceDeclaration): { name?: string; version?: string } {
  const { unit, isHostUnit = false, files } = declaration;
  const installed: { name?: string; version?: string } = declaration.package ?? {};
  if (!isHostUnit && installed.version === undefined)
    throw new Error(`${unit} is not the host's own and has no package version`);
  const restarting = files.find(({ activation }) => isHostUnit && activation === "restart");
  if (restarting !== undefined)
    throw new Error(`${restarting.path} asks for a restart of ${unit}, which is the host's own`);
  return installed;
}

function editLine(edit: Edit): string {
  if ("line" in edit) return `line ${path(edit.path)} ${edit.line}`;
  if (!/^[A-Za-z_]+$/.test(edit.key)) throw new Error(`"${edit.key}" is no plain key`);
  return `entry ${path(edit.path)} ${edit.key} ${edit.value}`;
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
