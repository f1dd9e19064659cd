/** An application in one file, made by esbuild, as docs/deployment.md says. */
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { expect } from "vitest";
import { projectPath, startChild } from "../harness/child.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { itWith } from "../harness/requirement.ts";
import { Newcomer, packOnce, readmeLines, run } from "./packed.ts";

packOnce();

const app = `
  import { H3 } from "h3";
  import { mintDevelopmentToken, quicpipe } from "quicpipe";
  import { createIdentity, Peer } from "quicpipe/peer";

  const relay = quicpipe({ host: "127.0.0.1", port: 0, logger: false });
  await relay.listen();
  const app = new H3().use(relay);
  const token = await mintDevelopmentToken({ sub: "ops", scope: "relay:admin" });
  const headers = { authorization: "Bearer " + token };
  const page = async (path) => (await app.request(path, { headers })).status;
  const identity = await createIdentity({ name: "alice" });
  const peer = await Peer.bind({ relay: "http://127.0.0.1:1", token, identity });
  console.log(relay.stats().backend, await page("/relay"), await page("/relay/main.js"), await page("/relay/uplot.js"));
  await peer.close();
  await relay.close();
`;

/** The lines of shell commands in the part of the guide on bundles. */
function guideLines(): string[] {
  const guide = readFileSync(projectPath("docs/deployment.md"), "utf8");
  const [, block] = /^## Bundles\n[^]*?```sh\n([^]*?)```/m.exec(guide)!;
  return block!.trim().split("\n");
}

itWith("registry", "native")(
  "a bundled app finds the addons and the console where the guide has them copied, and else says what to copy",
  async () => {
    const user = new Newcomer();
    await user.install(readmeLines("Install").find((line) => line.includes("# a relay"))!);
    await run("npm", ["install", "esbuild"], user.folder, user.env);
    user.write("app.js", app);
    const [bundle, copy, ...others] = guideLines();
    expect(others).toEqual([expect.stringMatching(/\.output.*# Nitro/)]);
    await run("sh", ["-c", bundle!], user.folder, user.env);
    const start = (folder: string) =>
      startChild(process.execPath, [join(folder, "out/main.mjs")], { cwd: folder, env: user.env });

    const alone = temporaryFolder();
    mkdirSync(join(alone, "out"));
    cpSync(join(user.folder, "out/main.mjs"), join(alone, "out/main.mjs"));
    const lost = start(alone);
    expect([await lost.exited, lost.stderr()]).toEqual([
      1,
      expect.stringContaining(
        `copy node_modules/quicpipe and node_modules/uplot to ${alone}/out/node_modules/`,
      ),
    ]);

    await run("sh", ["-c", copy!], user.folder, user.env);
    const moved = temporaryFolder();
    cpSync(join(user.folder, "out"), join(moved, "out"), { recursive: true });
    const found = start(moved);
    expect([await found.exited, found.stdout(), found.stderr()]).toEqual([0, "native 200 200 200\n", ""]);
  },
);
