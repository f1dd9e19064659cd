import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { projectPath, startChild } from "../harness/child.ts";
import { startExamples } from "../harness/examples.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { itWith } from "../harness/requirement.ts";
import { browse } from "./browse.ts";

/** A token of the development key. */
async function tokenOf(env: NodeJS.ProcessEnv): Promise<string> {
  const cli = projectPath("src/cli/main.ts");
  const command = startChild(process.execPath, [cli, "token", "--sub", "alice"], { env });
  expect(await command.exited, command.stderr()).toBe(0);
  return command.stdout().trim();
}

describe("examples/webtransport", () => {
  itWith("chromium", "fails-components")(
    "echoes a session's streams and datagrams, and registers over a stream",
    async () => {
      const state = temporaryFolder();
      const env = { XDG_STATE_HOME: state };
      const server = startExamples().start("webtransport/server.ts", { ...env, PORT: "0" });
      const [, origin] = await server.prints(/listening on (\S+)/);
      const certificate = readFileSync(join(state, "quicpipe", "development-certificate.pem"), "utf8");
      const token = await tokenOf(env);
      const visit = { origin: origin!, certificate, token };
      expect(await browse({ ...visit, path: "/echo", steps: ["bidirectional", "datagram"] })).toEqual({
        bidirectional: true,
        datagram: "datagram",
      });
      const { register } = await browse({ ...visit, path: "/register", steps: ["register"] });
      expect(register).toMatchObject({ address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
      server.process.kill("SIGINT");
      expect(await server.exited, server.stderr()).toBe(0);
    },
  );
});
