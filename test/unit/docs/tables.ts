import { readFileSync } from "node:fs";
import { expect } from "vitest";

/** The text of a page below a heading, up to the next one of the same level. */
export function section(page: string, heading: string): string {
  const [, text] = readFileSync(`docs/${page}.md`, "utf8").split(`${heading}\n`);
  expect(text, `${page}: ${heading}`).toBeDefined();
  return /^(?:(?!## ).*\n?)*/.exec(text!)![0];
}

/** The names in the first cells of a section's table. */
export function rowsOf(text: string): string[] {
  return [...text.matchAll(/^\| (`[^|]+)\|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );
}

/** The names of the members of an interface. */
export function membersOf(file: string, name: string): string[] {
  const pattern = new RegExp(`export interface ${name}\\b[^{]*\\{([^]*?)\\n\\}`);
  const [, text] = pattern.exec(readFileSync(file, "utf8")) ?? [];
  expect(text, `${file}: ${name}`).toBeDefined();
  return [...text!.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, member]) => member!);
}
