import { readPageFile } from "./assets.ts";

/**
 * Returns the console page.
 *
 * @param folder last segment of the console's URL path. Links are relative to it, so that they work behind any prefix.
 */
export function consolePage(folder: string): string {
  return filled("console.html", { folder });
}

/** Returns the sign-in page, with a sentence on the fault of the last token, if any. */
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
