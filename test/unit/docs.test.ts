import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
/** Made by a run, not kept in git. */
const made = /(^|\/)(node_modules|dist|build|results|\.git)\//;
const files: string[] = globSync(["**/*", ".ci/*"], { cwd: root.pathname })
  .map(normalize)
  .filter((path) => !made.test(`${path}/`));
const documents = files.filter((path) => path.endsWith(".md"));

function read(path: string): string {
  return readFileSync(new URL(path, root), "utf8");
}

/** Whether a file or folder is there that a document means: by its path from the root, or as much of its end as tells it. */
function exists(name: string): boolean {
  const path = normalize(name).replace(/\/$/, "");
  return made.test(`${path}/`) || files.some((file) => file === path || file.endsWith(`/${path}`));
}

/** Files and folders that a document names in backticks: what has an ending of ours, or begins with a folder of ours. */
function namesIn(document: string): string[] {
  const named = [
    ...read(document).matchAll(
      /`((?:[\w.-]+\/)*[\w.-]+\.(?:ts|c|h|mjs|go|py|sh|md|svg)|(?:src|test|docs|bench|scripts|examples|bpf|\.ci)\/[\w./-]*)`/g,
    ),
  ];
  return named.map(([, path]) => path!);
}

/** Names in ARCHITECTURE.md that are not where it says: below the folder of their heading, or else of `src/`. */
function astrayInArchitecture(): string[] {
  const sections = read("ARCHITECTURE.md").split(/^(?=## )/m);
  return sections.flatMap((section) => {
    const [heading = ""] = section.split("\n", 1);
    const folder = /`([^`]+\/)`$/.exec(heading)?.[1] ?? "src/";
    return section.split("\n").flatMap((line) => {
      const row = /^\| `([^`]+\/)`/.exec(line)?.[1];
      // A row of the map names a room, and further ones beside it or in it.
      const folders = row ? [row, `${dirname(row)}/`] : [folder];
      return pathsIn(line).filter(
        (path) => !["", ...folders].some((from) => files.includes(join(from, path))),
      );
    });
  });
}

/** Files in the languages of the source, and folders, that a line has in backticks. */
function pathsIn(line: string): string[] {
  return [...line.matchAll(/`((?:[\w.-]+\/)*(?:[\w.-]+\.(?:ts|c|h)|[\w-]+\/))`/g)].map(([, path]) =>
    path!.replace(/\/$/, ""),
  );
}

/** Files that a document links to, from the root. */
function linksIn(document: string): string[] {
  const linked = [...read(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)];
  return linked.map(([, path]) => join(dirname(document), path!));
}

/** Headings that a document links to, as `file#anchor`. */
function anchorsIn(document: string): string[] {
  const linked = [...read(document).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)];
  return linked.map(([, path, anchor]) => {
    const file = path === "" ? document : join(dirname(document), path!);
    return `${file}#${anchor}`;
  });
}

/** The anchor that a heading gets on GitHub. */
function anchorOf(heading: string): string {
  const words = heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "");
  return words.replaceAll(" ", "-");
}

function hasAnchor(link: string): boolean {
  const [file, anchor] = link.split("#") as [string, string];
  return [...read(file).matchAll(/^#+ (.+)$/gm)].some(([, heading]) => anchorOf(heading!) === anchor);
}

/** What a document has in backticks or between fences, a line for each. */
function codeIn(document: string): string {
  const [...pieces] = read(document).matchAll(/^```\w*\n([^]*?)^```|`([^`\n]+)`/gm);
  return pieces.map(([, block, inline]) => block ?? inline).join("\n");
}

/** Options of programs that are not ours. */
const foreignOptions: readonly string[] = [
  "bundle",
  "cap-add",
  "deploy-hook",
  "external",
  "format",
  "import",
  "network",
  "outfile",
  "platform",
  "system",
];

/** Options that a program of ours defines, or names in whole, as those that it starts another with. */
function optionsIn(text: string): string[] {
  const defined = text.matchAll(/(?<![\w-])"?([a-z][a-z-]*)"?: \{\s*type: "/g);
  const named = text.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g);
  return [...defined, ...named].map(([, name]) => name!);
}

describe("the documents", () => {
  it("are all of the project's", () => {
    expect(documents).toEqual(expect.arrayContaining(["README.md", "bpf/README.md", "docs/protocol.md"]));
  });

  it.each(documents)("name files that exist: %s", (document) => {
    expect(namesIn(document).filter((name) => !exists(name))).toEqual([]);
  });

  it("walk through the source by paths from the folder of their heading", () => {
    expect(pathsIn(read("ARCHITECTURE.md")).length).toBeGreaterThan(150);
    expect(astrayInArchitecture()).toEqual([]);
  });

  it.each(documents)("link to files and headings that exist: %s", (document) => {
    expect(linksIn(document).filter((path) => !exists(path))).toEqual([]);
    expect(anchorsIn(document).filter((link) => !hasAnchor(link))).toEqual([]);
  });

  it("name options that a program of ours has, or starts Node with", () => {
    const programs = files.filter((path) =>
      /^(src\/cli|scripts|bench)\/.*\.m?[jt]s$|^package\.json$/.test(path),
    );
    const known = new Set([...optionsIn(programs.map(read).join("\n")), ...foreignOptions]);
    const named = documents.flatMap((document) =>
      [...read(document).matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(
        ([, name]) => [document, name!] as const,
      ),
    );
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter(([, name]) => !known.has(name))).toEqual([]);
  });

  it("name commands of quicpipe that exist", () => {
    const modules = files.filter((path) => path.startsWith("src/cli/commands/"));
    const commands = new Set([...modules.map((path) => basename(path, ".ts")), "help", "version"]);
    const named = documents.flatMap((document) =>
      [...codeIn(document).matchAll(/(?:^|\n|npx )quicpipe ([a-z]+)/g)].map(([, name]) => name!),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !commands.has(name))).toEqual([]);
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
});
