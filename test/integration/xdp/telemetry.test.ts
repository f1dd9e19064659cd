import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { mountBpfFileSystem } from "./rig/bpf-file-system.ts";
import { projectPath } from "../harness/child.ts";
import { itWith } from "../harness/requirement.ts";
import { type Commands, createCommands } from "./rig/commands.ts";
import { createOneArmed } from "./rig/network.ts";

const env = { NODE_OPTIONS: `--import ${projectPath("test/integration/xdp/programs/sdk.ts")}` };

interface Figures {
  /** What the kernel forwarded by the relay's own statistics, and by the page for Prometheus. */
  readonly counted: number;
  readonly told: number;
}

async function figuresOf(commands: Commands): Promise<Figures> {
  const page = await commands.fetch("http://127.0.0.1:9464/metrics");
  const { path } = await commands.ask<{ path: { kernel: { packets: number } } }>("GET", "/v1/stats");
  const [, told = "0"] =
    /^quicpipe_relay_packets\w*\{[^}]*quicpipe_path="kernel"[^}]*\} (\d+)/m.exec(page) ?? [];
  return { counted: path.kernel.packets, told: Number(told) };
}

describe("metrics of a relay that adopts what the kernel kept", () => {
  itWith("native", "xdp")("begin with what is forwarded from then on, and miss nothing of that", async () => {
    const network = createOneArmed();
    const commands = await createCommands(network, "ipv4");
    const xdp = { interfaces: network.interfaces, pin: join(mountBpfFileSystem(), "relay") };
    const first = await commands.relayWith({ xdp });
    const { alice, bob } = await commands.peers();
    let said = "";
    const say = async (): Promise<void> => {
      const text = randomBytes(75_000).toString("hex");
      said += text;
      alice.process.stdin.write(text);
      await expect.poll(() => bob.stdout() === said).toBe(true);
    };
    await say();
    first.process.kill("SIGKILL");
    await first.exited;
    await say();
    await commands.relayWith({ xdp }, env);
    const before = await figuresOf(commands);
    await say();
    // The peers may still have something to acknowledge.
    const settled = async (): Promise<[number, number]> => {
      const after = await figuresOf(commands);
      return [after.counted - before.counted, after.told - before.told];
    };
    await expect.poll(settled).toSatisfy(([counted, told]) => counted === told);
    expect((await settled())[0]).toBeGreaterThan(80);
    expect(before.counted).toBeGreaterThan(160);
    expect(before.told).toBeLessThan(80);
  });
});
