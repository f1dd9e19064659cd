// Builds the native addon into build/Release/ of the current folder: `npm run build:native`. Plain JavaScript, for
// setup.mjs.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";

// Node-API is the same in every Node version, so the headers of any Node will do. Uses those of a Node on the PATH; if
// none has headers, node-gyp downloads them.
const prefixes = (process.env.PATH ?? "").split(delimiter).map((folder) => dirname(folder));
const nodedir = prefixes.find((prefix) => existsSync(join(prefix, "include/node/node_api.h")));

const args = ["rebuild", ...(nodedir ? [`--nodedir=${nodedir}`] : []), ...process.argv.slice(2)];
const { status, error } = spawnSync("node-gyp", args, { stdio: "inherit" });
if (error) process.stderr.write(`quicpipe: cannot run node-gyp: ${error.message}\n`);
process.exit(status ?? 1);
