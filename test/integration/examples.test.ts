import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { projectPath } from "./harness/child.ts";
import { startExamples } from "./harness/examples.ts";

describe("the examples", () => {
  it("carry hello from the dialer to the accepter, the first packet pasted by hand", async () => {
    const { start, startGateway } = startExamples();
    const { gateway, host } = await startGateway({ AUTH: "none" });
    const dialer = start("dialer/dialer.ts", { QHOST: host });
    const [packet] = await dialer.prints(/^\{"packet":".*"\}\n/m);
    const accepter = start("accepter/accepter.ts", { QHOST: host });
    accepter.process.stdin.end(packet);
    await accepter.prints(/hello\nhello\n/);
    dialer.process.kill("SIGINT");
    expect(await dialer.exited, dialer.stderr()).toBe(0);
    // The accepter has nobody left to listen to, and ends by itself.
    expect(await accepter.exited, accepter.stderr()).toBe(0);
    gateway.process.kill("SIGINT");
    expect(await gateway.exited, gateway.stderr()).toBe(0);
    expect(gateway.stdout()).toMatch(/relayed \d+ packets, \d+ bytes \((?:native|dgram)\)/);
  });

  it.each(["dialer/dialer.ts", "accepter/accepter.ts", "hello/accepter.ts", "hello/dialer.ts"])(
    "say what they need where nothing is set: %s",
    async (file) => {
      const example = startExamples().start(file, {});
      example.process.stdin.end();
      expect(await example.exited).toBe(2);
      expect(example.stderr()).toMatch(/^set [A-Z_, ]+: the first lines of this file show how\n$/);
    },
  );

  it("say that a packet is missing", async () => {
    const accepter = startExamples().start("accepter/accepter.ts", { QHOST: "127.0.0.1:1" });
    accepter.process.stdin.end();
    expect(await accepter.exited).toBe(2);
    expect(accepter.stderr()).toMatch(/^stdin holds no packet/);
  });

  it("are short enough to read: at most 60 lines each", () => {
    const files = readdirSync(projectPath("examples"), { recursive: true, encoding: "utf8" });
    for (const file of files.filter((name) => name.endsWith(".ts"))) {
      const lines = readFileSync(projectPath(`examples/${file}`), "utf8").split("\n").length;
      expect(lines, file).toBeLessThanOrEqual(60);
    }
  });
});
