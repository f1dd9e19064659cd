/** Builds the addons for a target. */
import { copyFileSync, globSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cargoEnvironment } from "../cargo.mjs";
import { root, run } from "./command.ts";
import { oldestGlibc, type Target } from "./targets.ts";
import { compilers, headers } from "./tools.ts";

/** Builds the native addon into a folder. */
export function buildForwarder({ zig }: Target, folder: string): void {
  const sources = globSync("src/{forwarder,xdp}/native/{*.c,*/*.c}", { cwd: root });
  const [python, ...module] = compilers().zig;
  mkdirSync(folder, { recursive: true });
  // As binding.gyp, without symbols.
  const flags = `-target ${zig} -shared -fPIC -std=gnu11 -O3 -s -fvisibility=hidden -D_GNU_SOURCE -DNAPI_VERSION=9`;
  const includes = headers().map((include) => `-I${include}`);
  const output = join(folder, "quicpipe.node");
  run(python!, [...module, "cc", ...flags.split(" "), ...includes, ...sources, "-o", output]);
}

/** Builds the peers' engine into a folder, in some minutes. */
export function buildEngine({ rust, libc }: Target, folder: string): void {
  run("rustup", ["target", "add", rust]);
  const { cargo, path } = compilers();
  const target = join(root, "target/release-engine");
  const triple = libc === "glibc" ? `${rust}.${oldestGlibc}` : rust;
  // A library for musl is linked with the musl of the system that loads it.
  const flags: Record<string, string> = libc === "musl" ? { RUSTFLAGS: "-C target-feature=-crt-static" } : {};
  run(cargo, ["zigbuild", "--release", "--locked", "--target", triple, "--target-dir", target], {
    cwd: join(root, "src/peer/engine/native"),
    env: { PATH: [path, cargoEnvironment.PATH].join(delimiter), ...flags },
  });
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(target, rust, "release/libquicpipe_engine.so"), join(folder, "quicpipe-engine.node"));
}
