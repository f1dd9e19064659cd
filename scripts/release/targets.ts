/** A platform that a release has binaries for: a Linux. */
export interface Target {
  /** As `src/files/addon.ts` and the package `@quicpipe/…` name it. */
  readonly name: string;
  readonly cpu: "x64" | "arm64";
  readonly libc: "glibc" | "musl";
  /** Rust's name. */
  readonly rust: string;
  /** Zig's name. */
  readonly zig: string;
}

/** The oldest glibc that Node 24 itself runs on. */
export const oldestGlibc = "2.28";

export const targets: readonly Target[] = (["x64", "arm64"] as const).flatMap((cpu): Target[] => {
  const machine = cpu === "x64" ? "x86_64" : "aarch64";
  return [
    {
      name: `linux-${cpu}`,
      cpu,
      libc: "glibc",
      rust: `${machine}-unknown-linux-gnu`,
      zig: `${machine}-linux-gnu.${oldestGlibc}`,
    },
    {
      name: `linux-${cpu}-musl`,
      cpu,
      libc: "musl",
      rust: `${machine}-unknown-linux-musl`,
      zig: `${machine}-linux-musl`,
    },
  ];
});

/** The files of a platform's addons. */
export const addonFiles = ["quicpipe.node", "quicpipe-engine.node"] as const;
