import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect } from "vitest";
import { createRandom } from "../../../scripts/garbage/random.ts";
import { mountBpfFileSystem } from "./rig/bpf-file-system.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { itWith } from "../harness/requirement.ts";
import { shortPacket } from "../harness/packets.ts";
import { createCommands } from "./rig/commands.ts";
import { createOneArmed, createTwoArmed, introducePeers, peerLink } from "./rig/network.ts";
import { type NumbersAt, startSink, startSource } from "./rig/numbers.ts";
import { openPair, send } from "./rig/pair.ts";
import {
  openRemoteForwarder,
  programOn,
  type RemoteForwarder,
  type RemoteOptions,
  startRemoteForwarder,
} from "./rig/remote-forwarder.ts";

const itPins = itWith("native", "xdp");
const kills = 20;
/** Longest life of a process, in ms: about the first half of that is its start. */
const lifeMs = 500;

async function killed({ child }: Pick<RemoteForwarder, "child">): Promise<void> {
  child.process.kill("SIGKILL");
  await child.exited;
}

describe("a pinned program", () => {
  itPins("loses no packet while its process is killed and started again, and goes on counting", async () => {
    const network = createTwoArmed();
    introducePeers(network);
    const { addresses, alice, bob, interfaces, relay } = network;
    const host = addresses.relay.ipv4;
    const options: RemoteOptions = { host, xdp: { interfaces, pin: join(mountBpfFileSystem(), "relay") } };
    const near: NumbersAt = {
      where: alice,
      address: addresses.alice.ipv4,
      port: 1111,
      relay: host,
      cidByte: 2,
    };
    const far: NumbersAt = { where: bob, address: addresses.bob.ipv4, port: 2222, relay: host, cidByte: 2 };
    const first = await openRemoteForwarder(relay, options);
    const register = async (forwarder: RemoteForwarder): Promise<number[]> => [
      await forwarder.register(near, 1),
      await forwarder.register(far, 2),
    ];
    const [aliceId, bobId] = await register(first);
    const program = programOn(relay, "to-alice");
    const sink = await startSink(far);
    const source = await startSource(near, 3000);
    await killed(first);
    const random = createRandom(20_261_122);
    for (let kill = 1; kill < kills; kill++) {
      const next = startRemoteForwarder(relay, options);
      await delay(random(lifeMs));
      await killed(next);
    }
    const last = await openRemoteForwarder(relay, options);
    expect(programOn(relay, "to-alice")).toBe(program);
    expect(await last.stats()).toMatchObject({ sessions: 2, routes: 2, unclaimed: 2 });
    expect(await register(last)).toEqual([aliceId, bobId]);
    expect(await last.stats()).toMatchObject({ sessions: 2, routes: 2, unclaimed: 0 });
    await delay(100);
    const sent = await source.stop();
    expect(sent).toBeGreaterThan(3000);
    expect(await sink.stop()).toEqual({ ranges: [[0, sent - 1]], repeated: 0, strange: 0 });
    expect(await last.call("countersOf", bobId!)).toMatchObject({
      packetsTo: sent,
      packetsOffloaded: sent,
    });
    expect(await last.call("countersOf", aliceId!)).toMatchObject({ packetsFrom: sent, packetsLimited: 0 });
    expect(await last.stats()).toMatchObject({
      relayed: { packets: sent },
      path: { user: { packets: 0 } },
    });
  });

  itPins("carries real peers over a restart in the middle of what they have to say", async () => {
    const network = createOneArmed();
    const commands = await createCommands(network, "ipv6");
    const xdp = { interfaces: network.interfaces, pin: join(mountBpfFileSystem(), "relay") };
    const first = await commands.relayWith({ xdp });
    await first.prints(new RegExp(`xdp on ${peerLink} \\(native\\); pinned in ${xdp.pin}`));
    const { alice, bob } = await commands.peers();
    let said = "";
    const say = (text: string): void => {
      said += text;
      for (const peer of [alice, bob]) peer.process.stdin.write(text);
    };
    const heard = (): Promise<void> =>
      expect.poll(() => [alice, bob].map((peer) => peer.stdout() === said)).toEqual([true, true]);
    const text = randomBytes(1_000_000).toString("hex");
    say("hello");
    await heard();
    say(text);
    await killed({ child: first });
    await heard();
    say(text);
    await commands.relayWith({ xdp });
    await heard();
    say(text);
    await heard();
    for (const peer of [alice, bob]) peer.process.stdin.end();
    expect(await alice.exited, alice.stderr()).toBe(0);
    expect(await bob.exited, bob.stderr()).toBe(0);
  });

  itPins("of another layout, or with tables of another size, is replaced", async () => {
    const network = createTwoArmed();
    introducePeers(network);
    const { interfaces, relay } = network;
    const xdp = { interfaces, pin: join(mountBpfFileSystem(), "relay") };
    const old = await openPair(network, "ipv4", { xdp });
    const ids = [programOn(relay, "to-alice")];
    await killed(old.forwarder);
    const resized = await openPair(network, "ipv4", { xdp, maxRoutes: 2000 });
    ids.push(programOn(relay, "to-alice"));
    expect(await resized.forwarder.stats()).toMatchObject({ sessions: 2, unclaimed: 0 });
    expect(await send(resized, [shortPacket(2)])).toBe(1);
    await killed(resized.forwarder);
    // The first word of its settings is the version of their layout.
    relay.run(
      "bpftool",
      "map",
      "update",
      "pinned",
      join(xdp.pin, "config"),
      ..."key 0 0 0 0 value 0 0 0 0 17 81 1 0 0 0 0 0".split(" "),
    );
    const next = await openPair(network, "ipv4", { xdp, maxRoutes: 2000 });
    ids.push(programOn(relay, "to-alice"));
    expect(await next.forwarder.stats()).toMatchObject({ sessions: 2, unclaimed: 0 });
    expect(await send(next, [shortPacket(2)])).toBe(1);
    expect(new Set(ids).size).toBe(3);
    expect(programOn(relay, "to-bob")).toBe(ids.at(-1));
  });

  itPins("is left where it is by a process that is closed, for the next to find", async () => {
    const network = createTwoArmed();
    introducePeers(network);
    const xdp = { interfaces: network.interfaces, pin: join(mountBpfFileSystem(), "relay") };
    const pair = await openPair(network, "ipv4", { xdp });
    const program = programOn(network.relay, "to-bob");
    await pair.forwarder.close();
    expect(programOn(network.relay, "to-bob")).toBe(program);
    pair.alice.send([shortPacket(2)], pair.relay);
    await pair.bob.received(1);
    const next = await openRemoteForwarder(network.relay, { host: "192.0.2.1", xdp });
    expect(await next.stats()).toMatchObject({ relayed: { packets: 1 }, unclaimed: 2 });
  });

  itPins(
    "knows what a sender has used up, until its peer registers again and draws from its own",
    async () => {
      const network = createTwoArmed();
      introducePeers(network);
      const xdp = { interfaces: network.interfaces, pin: join(mountBpfFileSystem(), "relay") };
      const { alice, aliceId, bob, forwarder, relay } = await openPair(network, "ipv4", { xdp });
      // Holds 54 packets of 1200 bytes, and takes a day to gain another.
      const bucket = await forwarder.call("openBucket", 0.01);
      await forwarder.call("updateSession", aliceId, { bucket });
      const burst = Array.from({ length: 60 }, () => shortPacket(2));
      alice.send(burst, relay);
      await forwarder.settles("stats", { relayed: { packets: 54 }, dropped: { "rate-limited": 6 } });
      await forwarder.close();
      const next = await openRemoteForwarder(network.relay, { host: relay.address, xdp });
      expect(await next.stats()).toMatchObject({ unclaimed: 2, buckets: 2 });
      alice.send([shortPacket(2)], relay);
      await next.settles("stats", { relayed: { packets: 54 }, dropped: { "rate-limited": 7 } });
      expect(await next.register(alice.address, 1)).toBe(aliceId);
      expect(await next.stats()).toMatchObject({ unclaimed: 1, buckets: 2 });
      alice.send(burst, relay);
      await bob.received(54 + 60);
    },
  );

  itPins("belongs to one process, and others run without", async () => {
    const { relay } = createTwoArmed();
    const pin = join(mountBpfFileSystem(), "relay");
    const one = await openRemoteForwarder(relay, { host: "192.0.2.1", xdp: { pin } });
    expect(await one.call("xdp")).toMatchObject({ state: "on", reason: "", pin });
    const other = await openRemoteForwarder(relay, { host: "198.51.100.1", xdp: { pin } });
    const status = await other.call("xdp");
    expect(status).toMatchObject({ state: "on", reason: expect.stringContaining("another process has it") });
    expect(status.pin).toBeUndefined();
  });

  itPins("is none in a folder that is not this user's alone, which is left as it is", async () => {
    const { relay } = createTwoArmed();
    const bpf = mountBpfFileSystem();
    const pin = join(bpf, "relay");
    const left = await openRemoteForwarder(relay, { host: "192.0.2.1", xdp: { pin } });
    await left.close();
    const start = async (path: string): Promise<string> => {
      const forwarder = await openRemoteForwarder(relay, { host: "192.0.2.1", xdp: { pin: path } });
      const { pin: taken, reason } = await forwarder.call("xdp");
      await forwarder.close();
      return `${reason}; ${taken}`;
    };
    chmodSync(pin, 0o755);
    expect(await start(pin)).toContain(
      `not pinned: ${pin} has the mode 0755, not 0700 (run \`chmod 700 ${pin}\`); undefined`,
    );
    chmodSync(pin, 0o700);
    chownSync(pin, 1, 0);
    expect(await start(pin)).toContain(`not pinned: ${pin} belongs to another user (1); undefined`);
    chownSync(pin, 0, 0);
    expect(statSync(bpf).mode & 0o1777).toBe(0o1777);
    chownSync(bpf, 1, 0);
    expect(await start(pin)).toContain(
      `not pinned: ${pin} is below ${bpf}, which belongs to another user (1); undefined`,
    );
    expect(readdirSync(pin).length).toBeGreaterThan(8);
    chownSync(bpf, 0, 0);
    expect(await start(pin)).toBe(`; ${pin}`);
  });

  itPins("is none where there is no bpf file system, which is said", async () => {
    const { relay } = createOneArmed();
    const folder = temporaryFolder();
    const forwarder = await openRemoteForwarder(relay, { host: "192.0.2.1", xdp: { pin: folder } });
    const status = await forwarder.call("xdp");
    expect(status).toMatchObject({
      state: "on",
      reason: expect.stringContaining("no bpf file system"),
      interfaces: [{ state: "native" }],
    });
    expect(status.pin).toBeUndefined();
  });
});
