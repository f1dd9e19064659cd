import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

interface SourceFile {
  /** Below src/. */
  readonly path: string;
  /** First folder below src/; "" for the files at its top. */
  readonly folder: string;
  readonly text: string;
  /** Module specifiers of static imports and exports, dynamic imports and import types. */
  readonly imports: readonly string[];
}

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^"';]*?from\s+"([^"]+)"|(?:^|\n)import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"/g;

const sources: SourceFile[] = globSync("src/**/*.ts").map((file) => {
  const path = normalize(file).slice("src/".length);
  const text = readFileSync(file, "utf8");
  const imports = [...text.matchAll(importPattern)].map(
    ([, from, bare, dynamic]) => (from ?? bare ?? dynamic)!,
  );
  return { path, folder: path.includes("/") ? path.slice(0, path.indexOf("/")) : "", text, imports };
});

/** What each folder may import beside the leaves: the files at the top of src/, and src/wire/. */
const allowedFolders: Readonly<Record<string, readonly string[]>> = {
  "": ["plugin"],
  wire: [],
  xdp: [],
  telemetry: [],
  forwarder: ["xdp"],
  registry: ["forwarder"],
  console: [],
  plugin: ["registry", "forwarder", "telemetry", "console"],
  peer: ["telemetry"],
  http3: [],
  gateway: ["http3"],
  cli: ["gateway", "peer", "plugin", "forwarder"],
};

/** Where a package may be imported. */
const allowedPackages: readonly (readonly [RegExp, RegExp])[] = [
  [/^jose$/, /^plugin\//],
  [/^h3$/, /^(plugin|gateway|cli)\//],
  [/^@matrixai\/quic/, /^peer\/engine[\w-]*\.ts$/],
  [/^@currentspace\/http3/, /^(peer|gateway)\//],
  [/^@peculiar\/x509$/, /^(certificate\.ts|peer\/|gateway\/|cli\/)/],
  [/^uplot$/, /^console\/browser\//],
  [/^@opentelemetry\/api$/, /^telemetry\//],
  [/^@noble\/hashes/, /^(wire|peer)\//],
  [/^citty$/, /^cli\//],
  [/^node-gyp-build$/, /^forwarder\/native\/load\.ts$/],
  [/^node:dgram$/, /^(forwarder|peer)\//],
  [/^node:http\d?$/, /^(gateway|cli)\//],
  [/^node:/, /./],
];

interface Edge {
  readonly from: SourceFile;
  /** Below src/. */
  readonly to: string;
}

const edges: Edge[] = sources.flatMap((from) =>
  from.imports
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => ({ from, to: join(dirname(from.path), specifier) })),
);

function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
}

function show({ from, to }: Edge): string {
  return `${from.path} → ${to}`;
}

describe("the source tree", () => {
  it("is there, with imports to look at", () => {
    expect(sources.length).toBeGreaterThan(40);
    expect(edges.length).toBeGreaterThan(100);
    expect(sources.filter(({ folder }) => !(folder in allowedFolders)).map(({ path }) => path)).toEqual([]);
  });

  it("imports one way only", () => {
    const wrong = edges.filter(({ from, to }) => {
      const folder = folderOf(to);
      const isLeaf = folder === "wire" || (folder === "" && to !== "index.ts");
      return !isLeaf && folder !== from.folder && !allowedFolders[from.folder]!.includes(folder);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it("lets only the index of src/ import from a folder, and nobody import that index", () => {
    const wrong = edges.filter(
      ({ from, to }) =>
        to === "index.ts" ||
        (from.folder === "" && from.path !== "index.ts" && !["", "wire"].includes(folderOf(to))),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  it("crosses folders through their index, and never uses the index inside", () => {
    const wrong = edges.filter(({ from, to }) => {
      const folder = folderOf(to);
      if (folder === "" || folder === "wire") return false;
      return (folder === from.folder) === (basename(to) === "index.ts");
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it("imports each package only where it belongs, and built-in modules by their full name", () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => !specifier.startsWith("."))
        .filter((specifier) => !allowedPackages.find(([name]) => name.test(specifier))?.[1].test(path))
        .map((specifier) => `${path} → ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  it("names files after what they are, in kebab case", () => {
    const wrong = sources.filter(
      ({ path }) =>
        !/^[a-z][a-z0-9]*(-[a-z0-9]+)*(\.d)?\.ts$/.test(basename(path)) ||
        /(^|-)(utils?|helpers?|common|manager|misc)\b/.test(basename(path)),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it("has no file of more than 300 lines", () => {
    const long = sources.filter(({ text }) => text.split("\n").length > 301);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it("throws errors with a code, swallows none and silences no check", () => {
    const forbidden = [
      /\bnew (Error|TypeError|RangeError)\(/,
      /catch\s*(\(\w+\))?\s*\{\s*\}/,
      /@ts-(ignore|expect-error|nocheck)/,
      /(oxlint|eslint)-disable/,
      /\bas any\b/,
      /\b(TODO|FIXME|XXX)\b/,
      /\bdesign sections? \d/,
    ];
    const found = sources.flatMap(({ path, text }) =>
      forbidden.filter((pattern) => pattern.test(text)).map((pattern) => `${path}: ${pattern.source}`),
    );
    expect(found).toEqual([]);
  });
});
