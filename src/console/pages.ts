import { readPageFile } from "./assets.ts";

/**
 * The page of the console.
 *
 * @param folder the last segment of the console's path: links are relative, so that they hold behind any prefix.
 */
export function consolePage(folder: string): string {
  return filled("console.html", { folder });
}

/** The page that asks for a token, with a sentence on what was wrong with the last one, if there was one. */
export function signInPage(folder: string, complaint: string | undefined): string {
  return filled("sign-in.html", { folder, complaint: complaint ?? "" });
}

const templates = new Map<string, string>();

function filled(name: string, values: Readonly<Record<string, string>>): string {
  const template = templates.get(name) ?? readPageFile(name);
  templates.set(name, template);
  return template.replaceAll(/\{(\w+)\}/g, (hole, key: string) => escaped(values[key] ?? hole));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}
