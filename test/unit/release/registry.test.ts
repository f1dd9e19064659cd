import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openRegistry } from "../../../scripts/release/registry.ts";
import { temporaryFolder } from "../../integration/harness/folder.ts";

it("a registry has the packages of a release, and none of ours that is not in it", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "package"));
  const manifest = { name: "@quicpipe/linux-x64", version: "1.2.3", os: ["linux"] };
  writeFileSync(join(folder, "package/package.json"), JSON.stringify(manifest));
  execFileSync("tar", ["-czf", "x.tgz", "package"], { cwd: folder });
  const registry = await openRegistry([join(folder, "x.tgz")]);
  onTestFinished(() => registry.close());
  const found = await fetch(`${registry.url}/@quicpipe%2flinux-x64`);
  const document = (await found.json()) as {
    "dist-tags": unknown;
    versions: Record<string, { dist: { tarball: string } }>;
  };
  expect(document["dist-tags"]).toEqual({ latest: "1.2.3" });
  expect(document.versions["1.2.3"]).toMatchObject(manifest);
  const tarball = await fetch(document.versions["1.2.3"]!.dist.tarball);
  expect(Buffer.from(await tarball.arrayBuffer()).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
  expect((await fetch(`${registry.url}/@quicpipe%2flinux-ppc64`)).status).toBe(404);
});
