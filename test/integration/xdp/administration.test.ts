import { setTimeout as delay } from "node:timers/promises";
import { describe, expect } from "vitest";
import type { PagedRelayStats } from "../../../src/plugin/stats/index.ts";
import { itWith } from "../harness/requirement.ts";
import { createCommands } from "./rig/commands.ts";
import { createOneArmed } from "./rig/network.ts";

describe("an administrator of a relay whose kernel forwards", () => {
  itWith("native", "xdp")("sees who forwards for whom, and ends a session there too", async () => {
    const network = createOneArmed();
    const commands = await createCommands(network, "ipv4");
    const relay = await commands.relay(["--xdp", network.interfaces.join()]);
    await relay.prints(/xdp on/);
    const { alice, bob } = await commands.peers();
    alice.process.stdin.write(`${"x".repeat(100_000)}\nhello\n`);
    await bob.prints(/^hello$/m);

    const stats = async (): Promise<PagedRelayStats> => await commands.ask("GET", "/v1/stats?limit=100");
    const { path, page } = await stats();
    expect(path.kernel.packets).toBeGreaterThan(80);
    const receiving = page.registrations.filter(({ packetsTo }) => packetsTo > 0);
    expect(receiving.map((each) => [each.subject, each.path]).toSorted()).toEqual([
      ["alice", "kernel"],
      ["bob", "kernel"],
    ]);

    for (const { id, subject } of page.registrations)
      if (subject === "bob") await commands.ask("DELETE", `/v1/registrations/${id}`);
    const { relayed } = await stats();
    alice.process.stdin.write("too late\n");
    await delay(1000);
    expect((await stats()).relayed).toEqual(relayed);
  });
});
