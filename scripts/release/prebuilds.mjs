// Puts the addons that were built on this machine into prebuilds/, from where they are packed.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { platformName } from "../../dist/files/addon.js";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "prebuilds", platformName());
const addons = [
  {
    built: "build/Release/quicpipe.node",
    lacks: "the native addon, so that its relays run the dgram backend",
  },
  { built: "target/quicpipe-engine.node", lacks: "the QUIC engine, so that it has no peers" },
];

mkdirSync(folder, { recursive: true });
for (const { built, lacks } of addons) {
  const from = join(root, built);
  if (existsSync(from)) copyFileSync(from, join(folder, built.split("/").at(-1)));
  else process.stderr.write(`quicpipe: the package lacks ${lacks}\n`);
}
