import { describe, expect } from "vitest";
import { projectPath, startChild } from "./harness/child.ts";
import { startExamples } from "./harness/examples.ts";
import { itWith } from "./harness/requirement.ts";

let seed: Promise<string> | undefined;

/** Builds the Go peers; the module versions and their hashes are fixed in go.mod and go.sum. */
async function buildSeed(): Promise<string> {
  const program = projectPath("target/seed-peers");
  const build = startChild("/usr/lib/go-1.19/bin/go", ["build", "-mod=readonly", "-o", program, "."], {
    cwd: projectPath("test/interop/seed"),
    env: { GOTOOLCHAIN: "local" },
  });
  expect(await build.exited, build.stderr()).toBe(0);
  return program;
}

describe("the Go peers of the relay's first implementation, unchanged in what they send", () => {
  itWith("go")("talk to each other without token, content type or any other call", async () => {
    const program = await (seed ??= buildSeed());
    const { gateway, host } = await startExamples().startGateway({ AUTH: "none" });
    const env = { QHOST: host };
    const dialer = startChild(program, ["dialer"], { env });
    const [packet] = await dialer.prints(/^\{"packet":.*\}\n/m);
    const accepter = startChild(program, ["accepter"], { env });
    accepter.process.stdin.write(packet);
    await accepter.prints(/hello\nhello\n/);
    gateway.process.kill("SIGINT");
    await gateway.prints(/relayed \d+ packets/);
  });

  itWith("go").each(["ed25519", "ecdsa"])(
    "talk to this package's peers with keys of %s, either way round",
    async (kind) => {
      const program = await (seed ??= buildSeed());
      const { start, startGateway } = startExamples();
      const { host } = await startGateway({ AUTH: "none" });
      const env = { QHOST: host, KEY: kind };

      const goDialer = startChild(program, ["dialer"], { env });
      const ourAccepter = start("accepter/accepter.ts", env);
      ourAccepter.process.stdin.write((await goDialer.prints(/^\{"packet":.*\}\n/m))[0]);
      await ourAccepter.prints(/hello\nhello\n/);

      const ourDialer = start("dialer/dialer.ts", env);
      const goAccepter = startChild(program, ["accepter"], { env });
      goAccepter.process.stdin.write((await ourDialer.prints(/^\{"packet":.*\}\n/m))[0]);
      await goAccepter.prints(/hello\nhello\n/);
    },
  );
});
