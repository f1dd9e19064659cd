import { randomBytes } from "node:crypto";
import { describe, expect } from "vitest";
import { type CapturedPacket, startCapture } from "../harness/network/capture.ts";
import { itWith } from "../harness/requirement.ts";
import { createCommands } from "./rig/commands.ts";
import { createOneArmed, createTwoArmed, type Network, peerLink } from "./rig/network.ts";

/** Characters that each peer sends to the other. */
const characters = 3_000_000;

/** The packets among `received` that are as they were among `sent` but for one hop. */
function carriedByTheKernel(
  sent: readonly CapturedPacket[],
  received: readonly CapturedPacket[],
): CapturedPacket[] {
  const byDigest = new Map(sent.map((packet) => [packet.digest, packet]));
  return received.filter((packet) => {
    const before = byDigest.get(packet.digest);
    const { from: _, to: __, ...expected } = { ...before, ttl: (before?.ttl ?? 0) - 1 };
    return Object.entries(expected).every(([name, value]) => packet[name as keyof CapturedPacket] === value);
  });
}

async function transfer(network: Network, family: "ipv4" | "ipv6"): Promise<void> {
  const { addresses, interfaces } = network;
  const commands = await createCommands(network, family);
  const relay = await commands.relay(["--xdp", interfaces.join()]);
  await relay.prints(new RegExp(`xdp on ${interfaces.map((name) => `${name} \\(native\\)`).join(", ")}`));
  // A capture shows a train of datagrams as one where the interface takes it apart later, or has put it together.
  for (const where of [network.alice, network.bob])
    where.run("ethtool", "-K", peerLink, "tx-udp-segmentation", "off", "gro", "off");
  const captures = await Promise.all(
    [network.alice, network.bob].map((where) => startCapture(where, peerLink, "udp port 4433")),
  );
  const { alice, bob } = await commands.peers();
  const [there, back] = [
    randomBytes(characters / 2).toString("hex"),
    randomBytes(characters / 2).toString("hex"),
  ];
  alice.process.stdin.end(there);
  bob.process.stdin.end(back);
  expect(await alice.exited, alice.stderr()).toBe(0);
  expect(await bob.exited, bob.stderr()).toBe(0);
  expect([bob.stdout() === there, alice.stdout() === back]).toEqual([true, true]);

  // In packets of 1452 bytes at most.
  const packets = Math.floor((2 * characters) / 1452);
  const [atAlice, atBob] = await Promise.all(captures.map((capture) => capture.packets(packets)));
  const fromRelay = ({ from }: CapturedPacket): boolean => from === addresses.relay[family];
  const toRelay = ({ to }: CapturedPacket): boolean => to === addresses.relay[family];
  expect([...atAlice!, ...atBob!].filter(({ checksums }) => checksums !== "good")).toEqual([]);
  for (const [near, far] of [
    [atAlice!, atBob!],
    [atBob!, atAlice!],
  ] as const) {
    const received = far.filter(fromRelay);
    const carried = carriedByTheKernel(near.filter(toRelay), received);
    // What the relay itself had to say is among the rest: HTTP/3, STUN.
    expect(carried.length).toBeGreaterThan(0.95 * received.length);
  }
}

describe("two peers whose packets the kernel forwards", () => {
  itWith("native", "xdp")("talk over IPv4, back out of the interface they came in by", () =>
    transfer(createOneArmed(), "ipv4"),
  );

  itWith("native", "xdp")("talk over IPv6, from one interface to another", () =>
    transfer(createTwoArmed(), "ipv6"),
  );
});
