/** What a user of an older Node reads. */
import { join } from "node:path";
import process from "node:process";
import { describe, expect } from "vitest";
import { itWith } from "../harness/requirement.ts";
import { Newcomer, packOnce, readmeLines, run } from "./packed.ts";

packOnce();

describe("an older Node", () => {
  itWith("registry").each(["22", "20"])(
    "is refused in a sentence by imports and command: %s",
    async (major) => {
      const user = new Newcomer();
      await user.install(readmeLines("Install").find((line) => line.includes("# a relay"))!);
      const binary = `node-${process.platform}-${process.arch}`;
      await run("npm", ["install", `${binary}@${major}`], user.folder, user.env);
      const node = join(user.folder, "node_modules", binary, "bin/node");
      const sentence = `quicpipe needs Node 24 or later, and is run by Node ${major}\\.\\d+\\.\\d+: install a newer one \\S+`;
      for (const name of ["quicpipe", "quicpipe/peer", "quicpipe/gateway"]) {
        const program = `await import("${name}").catch((error) => console.log(error.code, error.message))`;
        const output = await run(node, ["--input-type=module", "--eval", program], user.folder, user.env);
        expect(output).toMatch(new RegExp(`^ERR_QUICPIPE_NODE_UNSUPPORTED ${sentence}\n$`));
      }
      const command = user.start(node, ["node_modules/quicpipe/dist/cli/main.js", "relay"]);
      expect([await command.exited, command.stderr()]).toEqual([
        1,
        expect.stringMatching(new RegExp(`^${sentence}\n$`)),
      ]);
    },
  );
});
