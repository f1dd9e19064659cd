import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire, stripTypeScriptTypes } from "node:module";

/** A file that the browser asks for by its name. */
export interface AssetFile {
  readonly name: string;
  /** Whether the sign-in page needs it, so that everybody may have it. */
  readonly isPublic: boolean;
  readonly mediaType: string;
  /** Reads it as the browser gets it. */
  readonly read: () => string;
}

/** An asset's bytes, and the validator that a browser sends to learn that it has them already. */
export interface Asset {
  readonly body: string;
  readonly mediaType: string;
  /** Entity tag (RFC 9110 §8.8.3). */
  readonly etag: string;
}

const here = import.meta.url;
const moduleNames = [
  "chart",
  "counts",
  "elements",
  "feed",
  "figures",
  "history",
  "kernel",
  "main",
  "printable",
  "quantities",
  "rates",
  "relay-client",
  "revocation",
  "session-order",
  "session-table",
  "sessions",
  "status",
] as const;

/** Every file that the pages are made of, below the console's path. */
export const assetFiles: readonly AssetFile[] = [
  { name: "base.css", isPublic: true, mediaType: "text/css", read: () => readPageFile("base.css") },
  { name: "icon.svg", isPublic: true, mediaType: "image/svg+xml", read: () => readPageFile("icon.svg") },
  { name: "console.css", isPublic: false, mediaType: "text/css", read: () => readPageFile("console.css") },
  { name: "uplot.css", isPublic: false, mediaType: "text/css", read: () => readUplot("uPlot.min.css") },
  { name: "uplot.js", isPublic: false, mediaType: "text/javascript", read: readUplotModule },
  ...moduleNames.map((name) => ({
    name: `${name}.js`,
    isPublic: false,
    mediaType: "text/javascript",
    read: () => readModule(name),
  })),
];

const kept = new Map<string, Asset>();

/** An asset, read at its first use and kept. */
export function openAsset(file: AssetFile): Asset {
  const known = kept.get(file.name);
  if (known) return known;
  const body = file.read();
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  const asset = { body, mediaType: `${file.mediaType}; charset=utf-8`, etag };
  kept.set(file.name, asset);
  return asset;
}

/** A page, style sheet or picture. They lie in src/ only, in the package as well. */
export function readPageFile(name: string): string {
  return readFileSync(new URL(`../../src/console/page/${name}`, here), "utf8");
}

/** A module for the browser: as the build made it, or, where the sources themselves run, without its types. */
function readModule(name: string): string {
  if (here.endsWith(".js")) return readFileSync(new URL(`browser/${name}.js`, here), "utf8");
  const source = readFileSync(new URL(`browser/${name}.ts`, here), "utf8");
  return stripTypeScriptTypes(source).replaceAll(/(from "\.\/[\w-]+)\.ts"/g, '$1.js"');
}

function readUplot(name: string): string {
  return readFileSync(createRequire(here).resolve(`uplot/dist/${name}`), "utf8");
}

/** Its smallest build is a script that declares `uPlot`: a third of its build as a module. */
function readUplotModule(): string {
  return `${readUplot("uPlot.iife.min.js")}\nexport default uPlot;\n`;
}
