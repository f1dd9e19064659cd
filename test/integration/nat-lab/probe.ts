import { expect } from "vitest";
import type { Address } from "../../../src/wire/address.ts";
import { openAncillaryPeer, type AncillaryPeer } from "../harness/network/ancillary-udp.ts";
import type { Namespace } from "../harness/network/namespaces.ts";

let lastMark = 0;

/** A UDP socket in a namespace, whose datagrams are told apart by a mark. */
export class Probe {
  readonly #peer: AncillaryPeer;

  private constructor(peer: AncillaryPeer) {
    this.#peer = peer;
  }

  static async open(where: Namespace, address: string): Promise<Probe> {
    return new Probe(await openAncillaryPeer(address, where));
  }

  get address(): Address {
    return this.#peer.address;
  }

  /** Sends a datagram, and returns its mark. */
  send(to: Address): string {
    const mark = `probe ${(lastMark += 1)}`;
    this.#peer.send([Buffer.from(mark)], to);
    return mark;
  }

  /** Where a datagram came from, if it has come. */
  sourceOf(mark: string): Address | undefined {
    return this.#peer.inbox.find(({ datagram }) => datagram.toString() === mark)?.from;
  }

  async received(mark: string): Promise<Address> {
    await expect.poll(() => this.sourceOf(mark), { interval: 5 }).toBeDefined();
    return this.sourceOf(mark)!;
  }

  /** Sends a datagram to another probe, and returns where that saw it come from. */
  async reach(other: Probe): Promise<Address> {
    return await other.received(this.send(other.address));
  }
}

/**
 * Whether a datagram from `stranger` to `to`, the address of `target` in the internet, comes in. Instead of waiting
 * for a time, one waits for a datagram that is sent later and does come in, from `friend`, which both can reach.
 */
export async function comesIn(stranger: Probe, to: Address, target: Probe, friend: Probe): Promise<boolean> {
  const mark = stranger.send(to);
  await stranger.reach(friend);
  const friendsWay = await target.reach(friend);
  await target.received(friend.send(friendsWay));
  return target.sourceOf(mark) !== undefined;
}
