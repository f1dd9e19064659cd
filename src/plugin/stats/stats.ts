import type { QuicpipeErrorCode } from "../../errors.ts";
import type {
  DropReason,
  Forwarder,
  ForwarderStats,
  StunOutcome,
  StunPort,
  StunPortOutcome,
  XdpStatus,
} from "../../forwarder/index.ts";
import type { StatsPage } from "../../protocol.ts";
import type { Address } from "../../wire/address.ts";
import type { MailboxStats } from "../mailbox/mailbox.ts";
import type { Registry } from "../../registry/index.ts";
import type { RelayFigures } from "../../telemetry/index.ts";
import type { Waiters } from "../http/caller-limits.ts";
import type { Invitations, InvitationStats } from "../invitations/invitations.ts";

/** Where the public UDP sockets of a relay are bound. */
export interface RelayAddress extends Address {
  /** Number of the second port, at the same IP address; absent if there is none. */
  readonly stunPort?: number;
}

/** Totals of a relay since it began to listen. Figures only: no names, connection IDs or addresses of peers. */
export interface RelayStats {
  /** The running data plane, and the reason why there is no faster one. */
  readonly backend: Forwarder["backend"];
  readonly backendReason: string;
  /** Address of the public UDP socket, and the number of the second port. */
  readonly address: RelayAddress;
  /** Current registrations and their connection IDs. */
  readonly registrations: number;
  readonly cids: number;
  /**
   * Token buckets: `open` now, one per subject that may send or whose bucket is still refilling; and `forgiven`, closed
   * before they were full to make room for others.
   */
  readonly rateBuckets: { readonly open: number; readonly forgiven: number };
  /** Packets and bytes (UDP payload) forwarded between peers. */
  readonly relayed: ForwarderStats["relayed"];
  /** The same by forwarding path: the kernel or this process. */
  readonly path: ForwarderStats["path"];
  /** State of kernel forwarding, and its limits. */
  readonly xdp: XdpStatus;
  /** Sessions of an earlier process kept in the kernel, and not registered again yet. */
  readonly unclaimed: number;
  /** Datagrams to and from the gateway, and its current clients. */
  readonly gateway: ForwarderStats["gateway"];
  /** Datagrams dropped, by reason. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Datagrams dropped by the system because a receive buffer was full; 0 with `dgram`, which cannot tell. */
  readonly overflowed: number;
  /** STUN messages, by outcome. */
  readonly stun: Readonly<Record<StunOutcome, number>>;
  /** Messages at the second port, by outcome; `null` if there is none. */
  readonly stunPort: Readonly<Record<StunPortOutcome, number>> | null;
  /** Waiting messages, and ended ones by outcome. */
  readonly mailbox: MailboxStats;
  /** Open long polls and event streams. */
  readonly waiters: number;
  /** Invitations that are open, and totals of those made, used (connections) and revoked. */
  readonly invitations: InvitationStats;
  /** Requests refused, by code. */
  readonly refused: Readonly<Partial<Record<QuicpipeErrorCode, number>>>;
}

/** {@link RelayStats} with a page of registrations. */
export interface PagedRelayStats extends RelayStats {
  readonly page: StatsPage;
}

/** The parts of a relay that have counters. */
export interface CountedParts {
  readonly forwarder: Forwarder;
  readonly stunPort: StunPort | undefined;
  readonly registry: Registry;
  /** Of the mailbox, as they change. */
  readonly mailboxCounts: MailboxStats;
  readonly waiters: Waiters;
  readonly invitations: Pick<Invitations, "stats">;
  /** Number of refused requests so far, by code. */
  readonly refused: ReadonlyMap<QuicpipeErrorCode, number>;
}

/** Returns where a running relay is. */
export function relayAddress({
  forwarder,
  stunPort,
}: Pick<CountedParts, "forwarder" | "stunPort">): RelayAddress {
  return { ...forwarder.address(), ...(stunPort && { stunPort: stunPort.number }) };
}

/** Collects the figures of a running relay. */
export function relayStats(parts: CountedParts): RelayStats {
  const { forwarder, stunPort, registry, mailboxCounts, waiters, invitations, refused } = parts;
  const { relayed, path, unclaimed, gateway, dropped, overflowed, stun } = forwarder.stats();
  return {
    backend: forwarder.backend,
    backendReason: forwarder.backendReason,
    address: relayAddress(parts),
    ...registry.stats(),
    relayed,
    path,
    xdp: forwarder.xdp(),
    unclaimed,
    gateway,
    dropped,
    overflowed,
    stun,
    stunPort: stunPort?.counts() ?? null,
    mailbox: { ...mailboxCounts },
    waiters: waiters.size,
    invitations: invitations.stats(),
    refused: Object.fromEntries(refused),
  };
}

/** Collects the figures for telemetry with one reading of the data plane. `registry` may not exist yet. */
export function telemetryFigures(
  { forwarder, stunPort, mailboxCounts }: Pick<CountedParts, "forwarder" | "stunPort" | "mailboxCounts">,
  registry?: Registry,
): RelayFigures {
  const { path, dropped, overflowed } = forwarder.stats();
  const { queued, queuedBytes: _, ...ended } = mailboxCounts;
  return {
    backend: forwarder.backend,
    traffic: path,
    dropped: { ...dropped, "receive-buffer-full": overflowed },
    messages: { ...ended },
    stunPort: stunPort?.counts() ?? {},
    registrations: registry?.stats().registrations ?? 0,
    queuedMessages: queued,
  };
}
