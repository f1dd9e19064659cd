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

/** Folders that any other may import from, file by file, as they may from the files at the top of src/. */
const leaves: readonly string[] = ["", "wire", "defaults", "files"];

/** What each folder may import beside the leaves. */
const allowedFolders: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(leaves.map((leaf) => [leaf, []])),
  "": ["plugin"],
  xdp: [],
  telemetry: [],
  forwarder: ["xdp"],
  registry: ["forwarder"],
  console: [],
  plugin: ["registry", "forwarder", "telemetry", "console"],
  peer: ["telemetry", "http3"],
  http3: [],
  gateway: ["http3"],
  cli: ["gateway", "peer", "plugin", "forwarder"],
};

/** Where a package may be imported: rooms and files below src/. The first entry that fits counts. */
const allowedPackages: readonly (readonly [name: RegExp, rooms: readonly string[]])[] = [
  [/^jose$/, ["plugin/"]],
  [/^h3$/, ["plugin/", "cli/commands/relay.ts"]],
  [/^@currentspace\/http3/, ["gateway/http3/"]],
  [/^@peculiar\/x509$/, ["files/certificate.ts"]],
  [/^uplot$/, ["console/browser/"]],
  [/^@opentelemetry\/api$/, ["telemetry/"]],
  [/^@noble\/hashes/, ["wire/"]],
  [/^citty$/, ["cli/"]],
  [/^node:dgram$/, ["forwarder/", "peer/mapping/", "peer/udp/"]],
  [
    /^node:http[s2]?$/,
    ["gateway/tcp/", "peer/http/", "peer/mapping/upnp/http.ts", "cli/relay/metrics/listener.ts"],
  ],
  [/^node:/, [""]],
];

function entryOf(specifier: string): (typeof allowedPackages)[number] | undefined {
  return allowedPackages.find(([name]) => name.test(specifier));
}

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

type Arrow = readonly [from: string, to: string];

/** The folders of files, and how many each has. */
function crowdsOf(files: readonly string[]): [folder: string, files: number][] {
  const folders = Object.groupBy(files, (path) => dirname(path));
  return Object.entries(folders).map(([folder, inside]) => [folder, inside!.length]);
}

/** Without what a build of the QUIC engine leaves in `target`. */
const cFiles = globSync("{src,bpf}/**/*.{c,h}");

/** Includes of project files by project files, below the project's root. */
const cIncludes: Arrow[] = cFiles.flatMap((file) =>
  [...readFileSync(file, "utf8").matchAll(/^#include "([^"]+)"/gm)].map(([, path]): Arrow => [
    normalize(file),
    join(dirname(file), path!),
  ]),
);

function unitOf(path: string): string {
  return path.replace(/\.[ch]$/, "");
}

/** The arrows between what lies side by side in a folder: its files, and the rooms below it, each of which is one. */
function roomsOf(folder: string, arrows: readonly Arrow[]): Arrow[] {
  const root = folder === "" ? "" : `${folder}/`;
  const roomOf = (path: string): string | undefined => {
    if (!path.startsWith(root)) return undefined;
    const [first, ...below] = path.slice(root.length).split("/");
    return below.length > 0 ? `${first}/` : unitOf(first!);
  };
  return arrows.flatMap(([from, to]): Arrow[] => {
    const [room, other] = [roomOf(from), roomOf(to)];
    return room !== undefined && other !== undefined && room !== other ? [[room, other]] : [];
  });
}

/** Members of a circle, in order; none if there is none. */
function circleIn(arrows: readonly Arrow[]): string[] {
  const targets = new Map<string, string[]>();
  for (const [from, to] of arrows) if (from !== to) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): string[] => {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
    if (done.has(name)) return [];
    done.add(name);
    for (const next of targets.get(name) ?? []) {
      const circle = visit(next, [...way, name]);
      if (circle.length > 0) return circle;
    }
    return [];
  };
  for (const name of targets.keys()) {
    const circle = visit(name, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

/** The folders that a path lies in, outermost first: the root of the paths, "", is one. */
function foldersOf(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return ["", ...names.map((_, depth) => names.slice(0, depth + 1).join("/"))];
}

/** Circles among what lies side by side, in every folder on the way to a file. */
function roomCircles(arrows: readonly Arrow[]): string[][] {
  const folders = new Set(arrows.flat().flatMap(foldersOf));
  return [...folders]
    .map((folder) => circleIn(roomsOf(folder, arrows)))
    .filter((circle) => circle.length > 0);
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
      const isLeaf = leaves.includes(folder) && to !== "index.ts";
      return !isLeaf && folder !== from.folder && !allowedFolders[from.folder]!.includes(folder);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it("lets only the index of src/ import from a folder, and nobody import that index", () => {
    const wrong = edges.filter(
      ({ from, to }) =>
        to === "index.ts" ||
        (from.folder === "" && from.path !== "index.ts" && !leaves.includes(folderOf(to))),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  it("crosses folders through their index, and never uses the index inside", () => {
    const wrong = edges.filter(({ from, to }) => {
      const folder = folderOf(to);
      if (leaves.includes(folder)) return false;
      return (folder === from.folder) === (basename(to) === "index.ts");
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it("imports each package only where it belongs, and built-in modules by their full name", () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => !specifier.startsWith("."))
        .filter((specifier) => !entryOf(specifier)?.[1].some((room) => path.startsWith(room)))
        .map((specifier) => `${path} → ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  it("allows no import that nothing makes", () => {
    const packages = allowedPackages.flatMap((entry) =>
      entry[1]
        .filter(
          (room) =>
            !sources.some(
              ({ path, imports }) => path.startsWith(room) && imports.map(entryOf).includes(entry),
            ),
        )
        .map((room) => `${room} → ${entry[0].source}`),
    );
    const arrows = Object.entries(allowedFolders).flatMap(([folder, others]) =>
      others
        .filter((other) => !edges.some(({ from, to }) => from.folder === folder && folderOf(to) === other))
        .map((other) => `${folder} → ${other}`),
    );
    expect([...packages, ...arrows]).toEqual([]);
  });

  it("has no circle of files, and none of rooms within a folder", () => {
    const files = edges.map(({ from, to }): Arrow => [from.path, to]);
    expect(circleIn(files)).toEqual([]);
    expect(roomCircles(files)).toEqual([]);
  });

  it("has no circle of C files, a header and what implements it being one", () => {
    expect(cIncludes.length).toBeGreaterThan(100);
    expect(circleIn(cIncludes.map(([from, to]): Arrow => [unitOf(from), unitOf(to)]))).toEqual([]);
    expect(roomCircles(cIncludes)).toEqual([]);
  });

  it("finds a circle of rooms on each level, without one of files, and where a folder has no file of its own", () => {
    const there: Arrow = ["src/forwarder/native/io/a.c", "src/xdp/native/b.h"];
    const inside: Arrow[] = [
      ["src/xdp/native/maps/c.c", "src/xdp/native/links/d.h"],
      ["src/xdp/native/links/e.c", "src/xdp/native/maps/f.h"],
    ];
    expect(roomCircles([there])).toEqual([]);
    expect(roomCircles([there, ["src/xdp/native/g.c", "src/forwarder/native/h.h"]])).toEqual([
      ["forwarder/", "xdp/", "forwarder/"],
    ]);
    expect(roomCircles([there, ["bpf/i.h", "src/j.h"], ["src/k.c", "bpf/l.h"]])).toEqual([
      ["bpf/", "src/", "bpf/"],
    ]);
    expect(roomCircles(inside)).toEqual([["maps/", "links/", "maps/"]]);
  });

  it("has no folder of more files than one sees at a glance", () => {
    const crowds = crowdsOf(globSync("{src,bpf,bench,scripts,test,examples}/**/*.{ts,mjs,py,c,h,rs}"));
    expect(crowds.length).toBeGreaterThan(100);
    expect(crowds.filter(([, files]) => files > 16)).toEqual([]);
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

describe("the unit tests", () => {
  /** These judge all of src/. */
  const general: ReadonlySet<string> = new Set(["api-types", "boundaries"]);
  const tests = globSync("test/unit/**/*.test.ts").map((file) =>
    normalize(file).slice("test/unit/".length, -".test.ts".length),
  );

  it("have the path of what they test, in src/, scripts/, or from the root", () => {
    const homeless = tests
      .filter((name) => !general.has(name))
      .filter((name) => globSync(`{src/,scripts/,}${name}{,.ts,.mjs,.c,.h,.md}`).length === 0);
    expect(tests.length).toBeGreaterThan(100);
    expect(homeless).toEqual([]);
  });
});
