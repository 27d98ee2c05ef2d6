import { parseShell, type AndOr, type Command, type List, type Pipeline } from "./shell-syntax";

/** Commands that a full disk, or a place that may not be written to, lets fail. */
const writers = new Set(
  "cd chgrp chmod chown cp dd install ln mkdir mktemp mv rm rmdir sync tee touch".split(" "),
);

/**
 * `set -e` is off in a function that is called in a condition (`if`, `while`, `!`, before `&&` or `||`), and in those that
 * it calls: what fails in it is passed over, unless it is the last thing there. So every command in it that writes says what
 * is to happen then: `|| return 1`, or `|| :` where it is no matter. Everywhere else, `set -e` passes over what fails before
 * `&&`. Found are those that are passed over, each as `FUNCTION: COMMAND`.
 */
export function uncheckedWrites(scripts: readonly string[]): string[] {
  const programs = scripts.map(parseShell);
  const functions = new Map<string, Command>();
  for (const program of programs) {
    for (const { command } of commandsOf(program)) {
      if (command.kind === "function") functions.set(command.name, command.body);
    }
  }
  const names = (words: readonly string[]): string[] =>
    [...functions.keys()].filter(
      (name) =>
        words[0] === name ||
        // In a command substitution.
        words.some((word) => new RegExp(`(\\$\\(|[|&;] ?)${name}[ )]`).test(word)),
    );

  const suppressed = new Set<string>();
  const suppress = (name: string): void => {
    const body = functions.get(name);
    if (body === undefined || suppressed.has(name)) return;
    suppressed.add(name);
    for (const { command } of commandsOf([single(body)])) names(command.words).forEach(suppress);
  };
  for (const program of programs) {
    for (const { command, isCondition } of commandsOf(program)) {
      if (isCondition) names(command.words).forEach(suppress);
    }
  }

  const writing = new Map<string, boolean>();
  const writes = (command: Command): boolean => {
    const [first = ""] = command.words;
    const redirects = command.words.some((word) => /^\d*>{1,2}(?!\/dev\/null|&)/.test(word));
    if (redirects || command.words.some((word) => /\$\(mktemp\b/.test(word))) return true;
    if (command.kind !== "simple") return false;
    if (writers.has(first) || (first === "sed" && command.words.includes("-i"))) return true;
    const body = functions.get(first);
    if (body === undefined) return false;
    const known = writing.get(first);
    if (known !== undefined) return known;
    writing.set(first, false);
    const found = commandsOf([single(body)]).some((each) => writes(each.command));
    writing.set(first, found);
    return found;
  };

  const unseen = (name: string, commands: Command[]): string[] =>
    commands.filter(writes).map(({ words }) => `${name}: ${words.join(" ")}`);
  return [
    ...[...suppressed].flatMap((name) => {
      const body = functions.get(name);
      return body === undefined ? [] : unseen(name, lost([single(body)], true));
    }),
    ...[...functions].flatMap(([name, body]) =>
      suppressed.has(name) ? [] : unseen(name, beforeAnd([single(body)], true)),
    ),
    ...programs.flatMap((program) => unseen("script", beforeAnd(program, true))),
  ];
}

const single = (command: Command): AndOr => [{ pipeline: { isNegated: false, commands: [command] } }];

/** All commands in a list, and in those, and which of them decide what comes after. */
function commandsOf(list: List, isCondition = false): { command: Command; isCondition: boolean }[] {
  return list.flatMap((andOr) =>
    andOr.flatMap(({ pipeline: { isNegated, commands } }, i) =>
      commands.flatMap((command) => {
        const decides = isCondition || isNegated || i < andOr.length - 1;
        return [{ command, isCondition: decides }, ...inside(command, decides)];
      }),
    ),
  );
}

function inside(command: Command, decides: boolean): { command: Command; isCondition: boolean }[] {
  switch (command.kind) {
    case "simple":
      return [];
    case "function":
      return commandsOf([single(command.body)]);
    case "group":
      return commandsOf(command.body, decides);
    case "loop":
      return [...commandsOf(command.condition, true), ...commandsOf(command.body, decides)];
    case "case":
      return command.branches.flatMap((branch) => commandsOf(branch, decides));
    case "if":
      return [
        ...command.conditions.flatMap((condition) => commandsOf(condition, true)),
        ...command.branches.flatMap((branch) => commandsOf(branch, decides)),
      ];
  }
}

/**
 * The commands before `&&` whose failure nobody sees where `set -e` is on: it ends nothing but the list. `isLast` as below.
 * Functions are left out.
 */
function beforeAnd(list: List, isLast: boolean): Command[] {
  return list.flatMap((andOr, i) => {
    const isSeen = isLast && i === list.length - 1;
    return andOr.flatMap(({ pipeline }, j) => {
      const rest = andOr.slice(j + 1);
      const isHandled = isSeen || pipeline.isNegated || rest.some(({ operator }) => operator === "||");
      const own = isHandled || rest.length === 0 ? [] : pipeline.commands.slice(-1);
      return [...own, ...pipeline.commands.flatMap((command) => beforeAndIn(command, isHandled))];
    });
  });
}

function beforeAndIn(command: Command, isSeen: boolean): Command[] {
  switch (command.kind) {
    case "simple":
    case "function":
      return [];
    case "group":
      return beforeAnd(command.body, isSeen);
    case "loop":
      return beforeAnd(command.body, false);
    case "case":
    case "if":
      return command.branches.flatMap((branch) => beforeAnd(branch, isSeen));
  }
}

/** The commands whose failure nobody sees; `isLast` is whether somebody looks at the status of the list. */
function lost(list: List, isLast: boolean): Command[] {
  return list.flatMap((andOr, i) => {
    const isSeen = isLast && i === list.length - 1;
    return andOr.flatMap(({ pipeline }, j) => {
      // A failure leads to what comes after the next `||`, or else is that of the whole.
      const isHandled = pipeline.isNegated || andOr.slice(j + 1).some(({ operator }) => operator === "||");
      return lostIn(pipeline, isSeen || isHandled);
    });
  });
}

function lostIn({ commands }: Pipeline, isSeen: boolean): Command[] {
  return commands.flatMap((command, i) => {
    const seen = isSeen && i === commands.length - 1;
    const own = seen ? [] : [command];
    switch (command.kind) {
      case "simple":
        return own;
      case "function":
        return [];
      case "group":
        return [...own, ...lost(command.body, seen)];
      case "loop":
        return [...own, ...lost(command.condition, true), ...lost(command.body, false)];
      case "case":
        return [...own, ...command.branches.flatMap((branch) => lost(branch, seen))];
      case "if":
        return [
          ...own,
          ...command.conditions.flatMap((condition) => lost(condition, true)),
          ...command.branches.flatMap((branch) => lost(branch, seen)),
        ];
    }
  });
}
