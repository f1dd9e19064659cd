import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const documents = [
  "README.md",
  "ARCHITECTURE.md",
  "SECURITY.md",
  "CONTRIBUTING.md",
  "docs/protocol.md",
  "docs/errors.md",
  "docs/statistics.md",
  "docs/telemetry.md",
];

function read(path: string): string {
  return readFileSync(new URL(path, root), "utf8");
}

/** Paths that a document names in backticks or links to, as they are from the root. */
function pathsIn(document: string): string[] {
  const named = [
    ...read(document).matchAll(/`((?:src|test|docs|bench|scripts|examples|bpf|\.ci)\/[\w./-]*)`/g),
  ];
  const linked = [...read(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)];
  const below = document.startsWith("docs/") ? "docs/" : "";
  return [...named.map(([, path]) => path!), ...linked.map(([, path]) => below + path!)];
}

/** Files that ARCHITECTURE.md walks through are named without `src/`. */
function walkedFiles(): string[] {
  return [...read("ARCHITECTURE.md").matchAll(/`((?!src\/|test\/)[a-z]+\/[\w-]+\.ts)`/g)].map(
    ([, path]) => `src/${path}`,
  );
}

describe("the documents", () => {
  // Made by a run, not kept in git.
  const madeLater = new Set(["bench/results/"]);

  it.each(documents)("name files that exist: %s", (document) => {
    const missing = pathsIn(document).filter(
      (path) => !madeLater.has(path) && !existsSync(new URL(path, root)),
    );
    expect(missing).toEqual([]);
  });

  it("walk through files that exist", () => {
    expect(walkedFiles().length).toBeGreaterThan(10);
    expect(walkedFiles().filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  });

  it("name npm scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = [
      ...documents
        .map(read)
        .join("\n")
        .matchAll(/npm run (?:-s )?([\w:-]+)/g),
    ];
    const unknown = named.map(([, name]) => name!).filter((name) => !(name in scripts));
    expect(named.length).toBeGreaterThan(3);
    expect(unknown).toEqual([]);
  });

  it("have a line for every option of quicpipe() in the README", () => {
    const declaration = /export interface QuicpipeOptions \{([^]*?)\n\}/.exec(
      read("src/plugin/options.ts"),
    )![1]!;
    const options = [...declaration.matchAll(/readonly (\w+)\?/g)].map(([, name]) => name!);
    const rows = new Set([...read("README.md").matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!));
    expect(options.length).toBeGreaterThan(5);
    expect(options.filter((name) => !rows.has(name))).toEqual([]);
  });
});
