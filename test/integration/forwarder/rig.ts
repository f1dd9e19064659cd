import { expect, onTestFinished } from "vitest";
import * as defaults from "../../../src/defaults/index.ts";
import type {
  Forwarder,
  ForwarderOptions,
  SessionSpec,
  StunRegistration,
  StunVerdict,
} from "../../../src/forwarder/index.ts";
import type { Address, PeerAddress } from "../../../src/wire/address.ts";
import { cidBytes } from "../../../src/wire/connection-id.ts";

/** How a backend is opened; its threads, if it has any, read the time from the clock's cell. */
export type CreateForwarder = (options: ForwarderOptions, clock: BigInt64Array) => Promise<Forwarder>;

/** Opens forwarders and remembers which counters they moved. */
export interface Harness {
  open(options?: Partial<ForwarderOptions>): Promise<Rig>;
  /** `dropped …` and `stun …`, for each drop reason and STUN outcome that was counted in any test so far. */
  readonly tripped: Set<string>;
}

/** One forwarder under test, its clock, and what its authority knows. */
export interface Rig {
  readonly forwarder: Forwarder;
  /** Where clients reach it. */
  readonly ipv4: Address;
  readonly ipv6: Address;
  readonly clock: Clock;
  /** Secrets by registration id. */
  readonly secrets: Map<string, string>;
  /** What the authority says to a proof, by registration id; else it accepts. */
  readonly verdicts: Map<string, StunVerdict>;
  /** What was proven to the authority, and accepted. */
  readonly moves: { readonly id: string; readonly address: Address }[];
  /** Opens a session for a client, reached by connection IDs made of one byte each, with a bucket of its own unless told. */
  register(address: PeerAddress | null, cidByte: number, change?: Partial<SessionSpec>): number;
}

/** A clock that stands still until it is told. */
export interface Clock {
  /** ms since the epoch. */
  nowMs: number;
}

/** A clock that keeps its time in memory which other threads can read. */
class SharedClock implements Clock {
  readonly cell: BigInt64Array = BigInt64Array.of(1_700_000_000_000n);

  get nowMs(): number {
    return Number(this.cell[0]);
  }

  set nowMs(nowMs: number) {
    Atomics.store(this.cell, 0, BigInt(nowMs));
  }
}

/** Prepares a harness for one backend. */
export function createHarness(create: CreateForwarder): Harness {
  const tripped = new Set<string>();
  async function open(options: Partial<ForwarderOptions> = {}): Promise<Rig> {
    const clock = new SharedClock();
    const secrets = new Map<string, string>();
    const verdicts = new Map<string, StunVerdict>();
    const moves: Rig["moves"] = [];
    const forwarder = await create(
      {
        host: "::",
        port: 0,
        backend: "auto",
        threads: 1,
        sourcePolicy: "registered",
        stun: "registered",
        authority: {
          stunRegistration(id) {
            const secret = secrets.get(id);
            const proven: StunRegistration["proven"] = ({ address: { address, port } }) => {
              const verdict = verdicts.get(id) ?? "accepted";
              if (verdict === "accepted") moves.push({ id, address: { address, port } });
              return verdict;
            };
            return secret === undefined ? undefined : { secret, proven };
          },
        },
        maxSessions: defaults.maxRegistrations,
        maxBuckets: defaults.maxRegistrations + defaults.maxIdleBuckets,
        maxGatewayClients: defaults.maxGatewayClients,
        socketBufferBytes: defaults.socketBufferBytes,
        onError: (error) => expect.unreachable(String(error)),
        now: () => clock.nowMs,
        ...options,
      },
      clock.cell,
    );
    onTestFinished(async () => {
      const { dropped, stun } = forwarder.stats();
      for (const [name, count] of Object.entries(dropped)) if (count > 0) tripped.add(`dropped ${name}`);
      for (const [name, count] of Object.entries(stun)) if (count > 0) tripped.add(`stun ${name}`);
      await forwarder.close();
    });
    const { port } = forwarder.address();
    return {
      forwarder,
      ipv4: { address: "127.0.0.1", port },
      ipv6: { address: "::1", port },
      clock,
      secrets,
      verdicts,
      moves,
      register: (address, cidByte, change) =>
        forwarder.openSession({
          cids: Buffer.alloc(cidBytes, cidByte),
          address,
          bucket: change?.bucket ?? forwarder.openBucket(defaults.bytesPerSecond),
          expiresAtMs: clock.nowMs + defaults.registrationTtlMs,
          ...change,
        }),
    };
  }
  return { open, tripped };
}

/** Waits until a figure is what it has to be; fails with the last one. */
export async function settles(figure: () => unknown, expected: unknown): Promise<void> {
  await expect.poll(figure, { interval: 2 }).toEqual(expected);
}
