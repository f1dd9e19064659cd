import { parseArgs } from "node:util";
import type { ArgsDef } from "citty";
import { suggestion } from "./suggestion.ts";

/**
 * Returns a clause about the first argument that a command does not accept; `undefined` if it accepts all. citty
 * ignores unknown options and extra words, but a mistyped one must not silently have no effect.
 */
export function wrongArgument(args: readonly string[], known: ArgsDef): string | undefined {
  const defined = Object.entries(known);
  const options = Object.fromEntries(
    defined
      .filter(([, { type }]) => type !== "positional")
      .map(([name, { type }]) => [name, { type: type === "boolean" ? type : "string" } as const]),
  );
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowNegative: true,
    allowPositionals: true,
    tokens: true,
  });
  const flags = Object.keys(options).map((name) => `--${name}`);
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const type = Object.hasOwn(options, token.name) ? options[token.name]!.type : undefined;
    const isText = type === "string" && token.rawName === `--${token.name}`;
    if (type !== "boolean" && !isText)
      return `has no option ${token.rawName}${suggestion(token.rawName, flags)}`;
    // A word that looks like an option is a value only after `=`.
    const isBare = token.value === undefined || (!token.inlineValue && token.value.startsWith("--"));
    if (isText && isBare) return `needs a value for ${token.rawName}`;
    if (isText && seen.has(token.name)) return `takes ${token.rawName} only once`;
    seen.add(token.name);
  }
  const words = tokens.filter((token) => token.kind === "positional");
  const extra = words[defined.length - Object.keys(options).length];
  return extra && `takes no further word ${JSON.stringify(extra.value)}`;
}
