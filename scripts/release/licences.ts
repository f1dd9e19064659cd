/** The licences of the crates that are in the engine. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root, run } from "./command.ts";
import type { Target } from "./targets.ts";

/** Licences that let their code be in a binary under MIT, if their text comes with it. */
const allowed: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BSL-1.0",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MIT-0",
  "OpenSSL",
  "Unicode-3.0",
  "Unlicense",
  "Zlib",
]);

interface Crate {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly license: string | null;
  readonly source: string | null;
  readonly manifest_path: string;
}

interface Metadata {
  readonly packages: readonly Crate[];
  readonly resolve: {
    readonly root: string;
    readonly nodes: readonly {
      readonly id: string;
      readonly deps: readonly {
        readonly pkg: string;
        readonly dep_kinds: readonly { kind: string | null }[];
      }[];
    }[];
  };
}

/** Returns the crates that are compiled into the engine: not those that only build or test it. */
function cratesIn({ packages, resolve }: Metadata): Crate[] {
  const inside = new Set<string>();
  const visit = (id: string): void => {
    if (inside.has(id)) return;
    inside.add(id);
    for (const { pkg, dep_kinds } of resolve.nodes.find((node) => node.id === id)!.deps)
      if (dep_kinds.some(({ kind }) => kind === null)) visit(pkg);
  };
  visit(resolve.root);
  return packages.filter(({ id, source }) => inside.has(id) && source !== null);
}

/** Reports whether a licence is allowed: all parts of an `AND`, one part of an `OR` or of the `/` of old. */
export function isAllowed(expression: string): boolean {
  const flat = expression.replaceAll(/\s*\/\s*/g, " OR ");
  const inner = /\(([^()]*)\)/.exec(flat);
  if (inner) return isAllowed(flat.replace(inner[0], isAllowed(inner[1]!) ? "MIT" : "none"));
  return flat.split(" OR ").some((choice) => choice.split(" AND ").every((name) => allowed.has(name.trim())));
}

/** The notices of all crates in the engine for a target, and the crates whose licence is not allowed. */
export function readLicences({ rust }: Target): {
  notices: string;
  crates: number;
  refused: readonly string[];
} {
  const args = ["metadata", "--format-version=1", "--locked", "--filter-platform", rust];
  const metadata = JSON.parse(run("cargo", args, { cwd: join(root, "src/peer/engine/native") })) as Metadata;
  const crates = cratesIn(metadata);
  const refused = crates
    .filter(({ license }) => !isAllowed(license ?? ""))
    .map(({ name, license }) => `${name} (${license ?? "no licence"})`);
  return { notices: noticesOf(crates), crates: crates.length, refused };
}

/** Returns each text once, below the crates that it belongs to. */
function noticesOf(crates: readonly Crate[]): string {
  const owners = new Map<string, string[]>();
  for (const crate of crates)
    for (const text of textsOf(crate))
      owners.set(text, [...(owners.get(text) ?? []), `${crate.name} ${crate.version}: ${crate.license}`]);
  const notices = [...owners].map(([text, names]) => `${"=".repeat(80)}\n${names.join("\n")}\n\n${text}`);
  return `${notices.join("\n\n")}\n`;
}

function textsOf({ manifest_path }: Crate): string[] {
  const folder = dirname(manifest_path);
  const files = globSync("{LICENSE,LICENCE,COPYING,NOTICE}*", { cwd: folder }).toSorted();
  const texts = files.flatMap((file) => readTextFile(join(folder, file))).map((text) => text.trim());
  return texts.length > 0 ? texts : ["The crate brings no text of its licence."];
}

function readTextFile(file: string): string[] {
  try {
    return [readFileSync(file, "utf8")];
  } catch {
    // A folder of that name.
    return [];
  }
}
