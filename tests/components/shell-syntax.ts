/** A shell command as far as its status is of interest; the words are as they stand in the script. */
export type Command =
  | { kind: "simple"; words: string[] }
  | { kind: "group"; body: List; words: string[] }
  | { kind: "if"; conditions: List[]; branches: List[]; words: string[] }
  | { kind: "loop"; condition: List; body: List; words: string[] }
  | { kind: "case"; branches: List[]; words: string[] }
  | { kind: "function"; name: string; body: Command; words: string[] };

/** `!`, and the commands between `|`. */
export interface Pipeline {
  isNegated: boolean;
  commands: Command[];
}

/** Pipelines with the `&&` or `||` before each but the first. */
export type AndOr = { operator?: "&&" | "||"; pipeline: Pipeline }[];

/** What is between `;` or line ends. */
export type List = AndOr[];

/** Parses a script, as far as the scripts of this project use the language: formatted, and checked by shellcheck. */
export function parseShell(text: string): List {
  return new Parser(tokens(text)).list([]);
}

const operators = [";;", "&&", "||", ";", "|", "&", "(", ")", "\n"];

/** Words, as they stand there, and operators. */
function tokens(text: string): string[] {
  const found: string[] = [];
  const heredocs: string[] = [];
  let word = "";
  const end = (): void => {
    if (word !== "") found.push(word);
    const delimiter = /^<<-?'?(\w+)'?$/.exec(word)?.[1];
    if (delimiter !== undefined) heredocs.push(delimiter);
    word = "";
  };
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const blank = /^([ \t]+|\\\n)/.exec(rest)?.[0] ?? (word === "" ? /^#.*/.exec(rest)?.[0] : undefined);
    const operator = operators.find((each) => rest.startsWith(each));
    if (blank !== undefined) {
      end();
      at += blank.length;
    } else if (operator !== undefined && !(operator === "&" && /[<>]$/.test(word))) {
      end();
      found.push(operator);
      at += operator.length;
      if (operator === "\n")
        for (const each of heredocs.splice(0)) at = text.indexOf(`\n${each}\n`, at - 1) + each.length + 1;
    } else {
      const length = unit(rest);
      word += rest.slice(0, length);
      at += length;
    }
  }
  end();
  return found;
}

/** How long the quoted string, the expansion, or else the character at the beginning is. */
function unit(text: string): number {
  if (text.startsWith("\\")) return 2;
  if (text.startsWith("'")) return text.indexOf("'", 1) + 1;
  if (text.startsWith('"')) return closed(text, 1, '"');
  if (text.startsWith("$(")) return closed(text, 2, ")");
  if (text.startsWith("${")) return closed(text, 2, "}");
  return 1;
}

function closed(text: string, from: number, by: string): number {
  let at = from;
  let depth = 0;
  while (at < text.length && !(depth === 0 && text.startsWith(by, at))) {
    // An apostrophe between double quotes, or in an expansion, is one.
    const isPlain = text.startsWith("'", at) && by !== ")";
    if (by === ")" && text.startsWith("(", at)) depth++;
    else if (by === ")" && text.startsWith(")", at)) depth--;
    at += isPlain || (by === '"' && text.startsWith('"', at)) ? 1 : unit(text.slice(at));
  }
  return at + by.length;
}

class Parser {
  private at = 0;
  constructor(private readonly all: readonly string[]) {}

  /** To one of the words that close it, which is left. */
  list(closers: readonly string[]): List {
    const found: List = [];
    for (;;) {
      while (["\n", ";", "&"].includes(this.peek())) this.at++;
      if (this.at >= this.all.length || closers.includes(this.peek())) return found;
      found.push(this.andOr());
    }
  }

  private andOr(): AndOr {
    const found: AndOr = [{ pipeline: this.pipeline() }];
    for (let next = this.peek(); next === "&&" || next === "||"; next = this.peek()) {
      this.at++;
      this.skipLines();
      found.push({ operator: next, pipeline: this.pipeline() });
    }
    return found;
  }

  private pipeline(): Pipeline {
    const isNegated = this.take("!");
    const commands = [this.command()];
    while (this.take("|")) {
      this.skipLines();
      commands.push(this.command());
    }
    return { isNegated, commands };
  }

  private command(): Command {
    if (this.take("{")) return { kind: "group", ...this.closedBy("}") };
    if (this.take("(")) return { kind: "group", ...this.closedBy(")") };
    if (this.take("if")) return this.conditional();
    if (this.take("while") || this.take("until")) {
      const condition = this.closedBy("do").body;
      return { kind: "loop", condition, ...this.closedBy("done") };
    }
    if (this.take("for")) {
      while (!this.take("do")) this.at++;
      return { kind: "loop", condition: [], ...this.closedBy("done") };
    }
    if (this.take("case")) return this.cases();
    const name = this.peek();
    if (this.all[this.at + 1] === "(" && this.all[this.at + 2] === ")") {
      this.at += 3;
      this.skipLines();
      return { kind: "function", name, body: this.command(), words: [] };
    }
    return { kind: "simple", words: this.words() };
  }

  private closedBy(closer: string): { body: List; words: string[] } {
    const body = this.list([closer]);
    this.at++;
    return { body, words: ["do", "then"].includes(closer) ? [] : this.words() };
  }

  private conditional(): Command {
    const [conditions, branches]: [List[], List[]] = [[], []];
    do {
      conditions.push(this.closedBy("then").body);
      branches.push(this.list(["elif", "else", "fi"]));
    } while (this.take("elif"));
    if (this.take("else")) branches.push(this.list(["fi"]));
    this.at++;
    return { kind: "if", conditions, branches, words: this.words() };
  }

  private cases(): Command {
    const branches: List[] = [];
    while (!this.take("in")) this.at++;
    for (;;) {
      this.skipLines();
      if (this.take("esac")) return { kind: "case", branches, words: this.words() };
      while (!this.take(")")) this.at++;
      branches.push(this.list([";;", "esac"]));
      this.take(";;");
    }
  }

  private words(): string[] {
    const found: string[] = [];
    while (this.at < this.all.length && !operators.includes(this.peek()))
      found.push(this.all[this.at++] ?? "");
    return found;
  }

  private peek(): string {
    return this.all[this.at] ?? "";
  }

  private take(word: string): boolean {
    if (this.peek() !== word) return false;
    this.at++;
    return true;
  }

  private skipLines(): void {
    while (this.take("\n"));
  }
}
