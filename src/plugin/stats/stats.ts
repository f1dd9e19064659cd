import type { QuicpipeErrorCode } from "../../errors.ts";
import type { DropReason, Forwarder, ForwarderStats, StunOutcome, XdpStatus } from "../../forwarder/index.ts";
import type { StatsPage } from "../../protocol.ts";
import type { Address } from "../../wire/address.ts";
import type { Mailbox, MailboxStats } from "../mailbox/mailbox.ts";
import type { Registry } from "../../registry/index.ts";
import type { Waiters } from "../http/waiters.ts";

/** What a relay did since it began to listen. Figures only: no names, connection IDs or addresses of peers. */
export interface RelayStats {
  /** Which data plane runs, and why no faster one. */
  readonly backend: Forwarder["backend"];
  readonly backendReason: string;
  /** The public UDP socket. */
  readonly address: Address;
  /** Registrations right now, and their connection IDs. */
  readonly registrations: number;
  readonly cids: number;
  /**
   * Token buckets right now, one for each subject that may send or is still paying for what it sent; and those that were
   * given up before they were full, as there was no room for another.
   */
  readonly rateBuckets: { readonly open: number; readonly forgiven: number };
  /** Packets and bytes (UDP payload) forwarded between peers. */
  readonly relayed: ForwarderStats["relayed"];
  /** The same by who forwarded it: the kernel or this process. */
  readonly path: ForwarderStats["path"];
  /** Where the kernel forwards, and why no further. */
  readonly xdp: XdpStatus;
  /** Sessions of an earlier process that the kernel kept, and that no peer has registered again yet. */
  readonly orphans: number;
  /** Datagrams to and from the gateway, and its clients right now. */
  readonly gateway: ForwarderStats["gateway"];
  /** Datagrams dropped, by reason. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Datagrams that the system dropped as a receive buffer was full; 0 with `dgram`, which cannot know. */
  readonly overflowed: number;
  /** STUN messages, by outcome. */
  readonly stun: Readonly<Record<StunOutcome, number>>;
  /** Messages that wait right now, and how many ended in which way. */
  readonly mailbox: MailboxStats;
  /** Long polls and event streams open right now. */
  readonly waiters: number;
  /** Requests refused, by code. */
  readonly refused: Readonly<Partial<Record<QuicpipeErrorCode, number>>>;
}

/** {@link RelayStats} with some of the registrations. */
export interface PagedRelayStats extends RelayStats {
  readonly page: StatsPage;
}

/** The parts of a relay that count. */
export interface CountedParts {
  readonly forwarder: Forwarder;
  readonly registry: Registry;
  readonly mailbox: Mailbox;
  readonly waiters: Waiters;
  /** Requests refused so far, by code. */
  readonly refused: ReadonlyMap<QuicpipeErrorCode, number>;
}

/** Gathers the figures of a running relay. */
export function relayStats({ forwarder, registry, mailbox, waiters, refused }: CountedParts): RelayStats {
  const { relayed, path, orphans, gateway, dropped, overflowed, stun } = forwarder.stats();
  return {
    backend: forwarder.backend,
    backendReason: forwarder.backendReason,
    address: forwarder.address(),
    ...registry.stats(),
    relayed,
    path,
    xdp: forwarder.xdp(),
    orphans,
    gateway,
    dropped,
    overflowed,
    stun,
    mailbox: mailbox.stats(),
    waiters: waiters.size,
    refused: Object.fromEntries(refused),
  };
}
