import type { ArgDef, ArgsDef } from "citty";

/** Columns of a terminal of the usual size. */
const columns = 80;

/** What the help of a command says. */
export interface Usage {
  readonly description: string;
  /** The command and what follows it, such as `quicpipe dial [options] NAME`. */
  readonly synopsis: string;
  /** Each list has a title, and a name and a text for each entry. */
  readonly lists: Readonly<Record<string, readonly (readonly [name: string, text: string])[]>>;
}

/** Formats the help of a command, at most 80 columns wide. */
export function formatUsage({ description, synopsis, lists }: Usage): string {
  const entries = Object.entries(lists).filter(([, list]) => list.length > 0);
  const blocks = entries.flatMap(([title, list]) => ["", `${title}:`, list.map(formatEntry).join("\n")]);
  return [...wrap(description, ""), "", `Usage: ${synopsis}`, ...blocks, ""].join("\n");
}

function formatEntry([name, text]: readonly [name: string, text: string]): string {
  return [`  ${name}`, ...wrap(text, "      ")].join("\n");
}

/** Returns the help of a command, from the definition of its arguments. */
export function usageOf(name: string, description: string, args: ArgsDef): Usage {
  const all = Object.entries(args);
  const words = all.filter(([, { type }]) => type === "positional");
  const options = all.filter(([, { type }]) => type !== "positional");
  const required = options.filter(([, { required: isRequired }]) => isRequired);
  const synopsis = [
    `quicpipe ${name}`,
    ...(options.length > 0 ? ["[options]"] : []),
    ...required.map(([option, arg]) => `--${option}${hintOf(arg)}`),
    ...words.map(([word]) => word.toUpperCase()),
  ];
  return {
    description,
    synopsis: synopsis.join(" "),
    lists: {
      Arguments: words.map(([word, { description: text = "" }]) => [word.toUpperCase(), text]),
      Options: options.map(([option, arg]) => [`--${option}${hintOf(arg)}`, textOf(arg)]),
    },
  };
}

function hintOf({ type, valueHint = "value", options }: ArgDef & { options?: readonly string[] }): string {
  if (type === "boolean") return "";
  return ` <${type === "enum" ? (options ?? []).join("|") : valueHint}>`;
}

function textOf({ description = "", default: fallback }: ArgDef): string {
  return fallback === undefined ? description : `${description} (default: ${fallback})`;
}

/** Breaks a text into lines. A word that is longer than a line has one of its own. */
function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? indent + word : `${line} ${word}`;
    if (longer.length > columns && line !== "") lines.push(line);
    line = longer.length > columns ? indent + word : longer;
  }
  return [...lines, line];
}
