import { isReachedAt, relayAddresses } from "./relay-addresses.ts";
import { plainIp } from "../wire/address.ts";
import type { XdpSystem } from "./system.ts";

/** What a relay's pins are known by. */
export interface PinOwner {
  /** IP literal that the relay is bound to. */
  readonly address: string;
  readonly port: number;
}

/** The owner in the name of a folder. */
export interface NamedOwner extends PinOwner {
  /** Inode of the network namespace. */
  readonly namespace: number;
}

/** What a relay made of the pins that were in its way. */
export interface Removal {
  /** Folders that it removed. */
  readonly removed: readonly string[];
  /** A clause for each that it could not remove. */
  readonly refusals: readonly string[];
}

/** Holds the folder of each relay with `pin: true`. */
export const pinRoot = "/sys/fs/bpf/quicpipe";

/**
 * Returns the folder of a relay's pins: a bpf file system may be shared by network namespaces, each of which has the same
 * addresses and ports. A name there contains no dot: the kernel reserves it.
 */
export function pinFolder(namespace: number, { address, port }: PinOwner): string {
  return pathOf(`${namespace}_${plainIp(address).replaceAll(".", "-")}_${port}`);
}

/** Parses the name of a folder; `undefined` for any other name. */
export function parsePinFolder(name: string): NamedOwner | undefined {
  const [, namespace, literal, port] = /^(\d+)_(.+)_(\d+)$/.exec(name) ?? [];
  if (literal === undefined) return undefined;
  const address = literal.includes(":") ? literal : literal.replaceAll("-", ".");
  return { namespace: Number(namespace), address, port: Number(port) };
}

/** Reports whether a folder is named after a port alone, as all were before names had an owner. */
export function isNamedByPort(name: string): boolean {
  return /^\d+$/.test(name);
}

/**
 * Removes what earlier relays pinned for packets that now are this relay's: those to its port, in its network namespace, at
 * an address that it is bound to. With tables that are no longer updated, the kernel would drop packets that this relay
 * should forward. Pins of a process that runs stay.
 *
 * @param kept Folder of the relay's own pins.
 */
export function removeStalePins(owner: PinOwner, kept: string | undefined, system: XdpSystem): Removal {
  const removed: string[] = [];
  const refusals: string[] = [];
  for (const name of system.namesIn(pinRoot)) {
    const path = pathOf(name);
    if (path === kept || !isFor(owner, name, system)) continue;
    const refusal = system.removePins(path);
    if (refusal === undefined) removed.push(path);
    else refusals.push(`what an earlier relay pinned in ${path} is in the way, and ${refusal}`);
  }
  return { removed, refusals };
}

function pathOf(name: string): string {
  return `${pinRoot}/${name}`;
}

/** Reports whether the pins in a folder take packets that are now a relay's. */
function isFor(owner: PinOwner, name: string, system: XdpSystem): boolean {
  if (isNamedByPort(name)) return holdsPinsFor(owner, name, system);
  const named = parsePinFolder(name);
  return (
    named?.namespace === system.networkNamespace &&
    named?.port === owner.port &&
    overlap(owner.address, named.address)
  );
}

/** Reports whether two bound addresses get the same packets. */
function overlap(one: string, other: string): boolean {
  const [a, b] = [plainIp(one), plainIp(other)];
  return isReachedAt(a, b) || isReachedAt(b, a);
}

/** Reports whether the program in a folder without an owner's name takes this relay's packets. */
function holdsPinsFor({ address, port }: PinOwner, name: string, system: XdpSystem): boolean {
  if (name !== String(port)) return false;
  try {
    const pins = system.readPins(pathOf(name));
    const isHere = pins && system.links().some(({ program }) => program?.id === pins.programId);
    return isHere ? relayAddresses(address, pins.addresses).length > 0 : false;
  } catch {
    // Unreadable, or without a program: no relay is known to own it. `quicpipe doctor` names it.
    return false;
  }
}
