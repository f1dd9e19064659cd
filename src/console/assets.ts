import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import nodeModule, { createRequire } from "node:module";
import { join } from "node:path";
import { packageRoot } from "../files/package-root.ts";

/** A file that the browser requests by name. */
export interface AssetFile {
  readonly name: string;
  /** Whether the sign-in page needs it. Public files are served without a token. */
  readonly isPublic: boolean;
  readonly mediaType: string;
  /** Returns the content as served to the browser. */
  readonly read: () => string;
}

/** Content of a file, and the validator for conditional requests. */
export interface Asset {
  readonly body: string;
  readonly mediaType: string;
  /** Entity tag (RFC 9110 §8.8.3). */
  readonly etag: string;
}

const moduleNames = [
  "counts",
  "elements",
  "feed",
  "figures",
  "kernel",
  "main",
  "printable",
  "quantities",
  "rates/chart",
  "rates/history",
  "rates/rates",
  "relay-client",
  "sessions/revocation",
  "sessions/session-order",
  "sessions/session-table",
  "sessions/sessions",
] as const;

/** All files that the pages load, below the console's path. */
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

/** Returns an asset. It is read on first use and kept. */
export function openAsset(file: AssetFile): Asset {
  const known = kept.get(file.name);
  if (known) return known;
  const body = file.read();
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  const asset = { body, mediaType: `${file.mediaType}; charset=utf-8`, etag };
  kept.set(file.name, asset);
  return asset;
}

/** Reads a page, style sheet or picture. They exist in src/ only, in the package too. */
export function readPageFile(name: string): string {
  return readFileSync(join(packageRoot, "src/console/page", name), "utf8");
}

/** Returns a browser module: the build's output, or the source without its types if the sources themselves run. */
function readModule(name: string): string {
  const isBuilt = !import.meta.url.endsWith(".ts");
  if (isBuilt) return readFileSync(join(packageRoot, `dist/console/browser/${name}.js`), "utf8");
  const source = readFileSync(join(packageRoot, `src/console/browser/${name}.ts`), "utf8");
  return nodeModule.stripTypeScriptTypes(source).replaceAll(/(from "\.\.?\/[\w/-]+)\.ts"/g, '$1.js"');
}

function readUplot(name: string): string {
  return readFileSync(createRequire(join(packageRoot, "package.json")).resolve(`uplot/dist/${name}`), "utf8");
}

/** Returns uPlot as a module. Its smallest build is a script that declares `uPlot`, a third the size of its module build. */
function readUplotModule(): string {
  return `${readUplot("uPlot.iife.min.js")}\nexport default uPlot;\n`;
}
