import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { type Child, projectPath, startChild } from "../../harness/child.ts";
import { createNative, describeNative } from "./rig.ts";
import { createHarness } from "../rig.ts";
import { shortPacket } from "../../harness/packets.ts";
import { openPeer } from "../../harness/udp-peer.ts";

/** Starts a process that runs a relay and then does something. */
function startRelay(then: string): Child {
  const program = `
    const { quicpipe } = await import(${JSON.stringify(projectPath("src/index.ts"))});
    const relay = quicpipe({
       host: "127.0.0.1", port: 0, auth: "none", logger: false, forwarder: { backend: "native" },
     });
    await relay.listen();
    console.log(relay.stats().backend);
    ${then}`;
  return startChild(process.execPath, ["--input-type=module", "--eval", program]);
}

describeNative("opening and closing the native backend", () => {
  const harness = createHarness(createNative);

  it("leaves no thread, no file and no memory behind, a thousand times", async () => {
    const program = projectPath("test/integration/forwarder/programs/open-close.ts");
    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", program, "1000"]);
    const { threads, files, rssBytes } = JSON.parse(stdout) as Record<string, number>;
    expect([threads, files]).toEqual([0, 0]);
    // 10 KiB for each is the garbage collector's room, but no table, no buffer and no thread's stack.
    expect(rssBytes).toBeLessThan(1000 * 10 * 1024);
  });

  it("may happen while packets of all kinds are under way", async () => {
    const upstream = await openPeer();
    upstream.socket.on("message", (datagram, { address, port }) =>
      upstream.socket.send(datagram, port, address),
    );
    const [alice, bob] = [await openPeer(), await openPeer()];
    for (let round = 0; round < 20; round++) {
      const options = { upstream: upstream.address, stun: "public", threads: 2 } as const;
      const { forwarder, ipv4, register } = await harness.open(options);
      register(alice.address, 0x11);
      register(bob.address, 0x22);
      const stun = Buffer.from("000100002112a442000000000000000000000000", "hex");
      for (let i = 0; i < 200; i++)
        for (const packet of [shortPacket(0x22), shortPacket(0x77), stun]) alice.send(packet, ipv4);
      await delay(round % 4);
      await forwarder.close();
      const { relayed } = forwarder.stats();
      expect(forwarder.stats().relayed).toEqual(relayed);
      expect(forwarder.stats().gateway.clients).toBe(0);
    }
  });

  it("holds a process that runs a relay, until that is closed", async () => {
    const relay = startRelay(`
      process.once("SIGTERM", () => relay.close());
      setTimeout(() => console.log("held"), 100).unref();`);
    await relay.prints(/^held$/m);
    relay.process.kill("SIGTERM");
    expect(await relay.exited).toBe(0);
  });

  it("is not needed at the end of a process", async () => {
    expect(await startRelay("process.exit();").exited).toBe(0);
  });
});
