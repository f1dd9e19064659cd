import { isIPv4 } from "node:net";
import { type Address, formatAddress } from "../../wire/address.ts";
import { interfaceAddresses } from "../../interface-addresses.ts";
import type { PeerSocket } from "../socket.ts";
import type { NatView } from "../nat/view.ts";
import { SecondPort } from "./second-port.ts";
import { judgeNat, type NatReport, type PortSequence, unknownNat } from "../nat/report.ts";

/** The parts of a {@link NatWatch}. */
export interface NatParts {
  /** Returns the address of the relay in use. */
  readonly relay: () => Address;
  /** IP literals that the relay's name has. */
  readonly relays: readonly string[];
  /** Whether the socket can send to an IP address. */
  readonly reaches: (ip: string) => boolean;
  /** Whether an address is one of this host's own. */
  readonly isOwn: (ip: string) => boolean;
  /** Asks from the socket. */
  readonly secondPort: Pick<SecondPort, "ask" | "askAnew" | "receive" | "close">;
  /** Called when there is something new to tell other peers. */
  readonly onChange: () => void;
}

/** What the relay has told a peer of itself. */
export interface RelayAnswer {
  /** The public address of the peer's socket; `null` if it is not known yet. */
  readonly address: Address | null;
  /** The relay's second port; `undefined` if it has none. */
  readonly stunPort: number | undefined;
}

/**
 * What the NAT in front of a peer's socket is like, by the relay's two ports. They are asked when the relay tells them, and when it sees the
 * socket at another address.
 */
export class NatWatch implements NatView {
  readonly #parts: NatParts;
  /** What the view is of. */
  #asked = "";
  #stunPort: number | undefined;
  #report: NatReport = unknownNat;
  #isSilent = false;
  #otherFamily: Address | undefined;

  constructor(parts: NatParts) {
    this.#parts = parts;
  }

  get report(): NatReport {
    return this.#report;
  }

  get isSilent(): boolean {
    return this.#isSilent;
  }

  get otherFamily(): Address | undefined {
    return this.#otherFamily;
  }

  /** Takes a STUN message from an address of the relay. */
  receive(datagram: Uint8Array, from: Address): void {
    this.#parts.secondPort.receive(datagram, from);
  }

  /** Asks no more. */
  close(): void {
    this.#parts.secondPort.close();
  }

  /** Takes what the relay has told. A view of the same is asked for again only if the second port was silent. */
  async note({ address, stunPort }: RelayAnswer): Promise<void> {
    if (!address) return;
    const asked = `${formatAddress(address)} ${stunPort}`;
    if (asked === this.#asked && !this.#isSilent) return;
    if (asked !== this.#asked) this.#begin(address, stunPort, asked);
    if (stunPort !== undefined) await this.#ask(address, stunPort, asked);
  }

  async measure(): Promise<PortSequence | undefined> {
    const { ports } = this.#report;
    const first = ports && (await this.#askAnew());
    if (!first) return undefined;
    // Others may have taken ports between the two: the smaller step is the NAT's.
    const second = await this.#askAnew();
    const again = second && judgeNat(first, second).ports;
    const isSmaller = again && Math.abs(again.step) < Math.abs(ports.step);
    return { base: first.port, step: isSmaller ? again.step : ports.step };
  }

  async #askAnew(): Promise<Address | undefined> {
    const port = this.#stunPort;
    if (port === undefined) return undefined;
    // A system that has no socket left has no forecast either.
    return await this.#parts.secondPort.askAnew({ ...this.#parts.relay(), port }).catch(() => undefined);
  }

  /** Forgets what was known of another address. */
  #begin(address: Address, stunPort: number | undefined, asked: string): void {
    this.#asked = asked;
    this.#stunPort = stunPort;
    this.#report = this.#parts.isOwn(address.address) ? { kind: "endpoint-independent" } : unknownNat;
    this.#isSilent = false;
    this.#otherFamily = undefined;
  }

  async #ask(address: Address, port: number, asked: string): Promise<void> {
    const [second, otherFamily] = await Promise.all([
      this.#parts.secondPort.ask({ ...this.#parts.relay(), port }),
      this.#askOtherFamily(port),
    ]);
    // The network has changed meanwhile.
    if (asked !== this.#asked) return;
    this.#isSilent = second === undefined;
    if (second) this.#report = judgeNat(address, second);
    this.#otherFamily = otherFamily;
    this.#parts.onChange();
  }

  async #askOtherFamily(port: number): Promise<Address | undefined> {
    const { relay, relays, reaches, secondPort } = this.#parts;
    const other = relays.find((each) => isIPv4(each) !== isIPv4(relay().address) && reaches(each));
    const seen = other === undefined ? undefined : await secondPort.ask({ address: other, port });
    return seen && isIPv4(seen.address) === isIPv4(other!) ? seen : undefined;
  }
}

/**
 * Watches the NAT in front of a socket. The caller closes the watch.
 *
 * @param relays IP literals that the relay's name has.
 */
export function watchNat(socket: PeerSocket, relays: readonly string[], onChange: () => void): NatWatch {
  return new NatWatch({
    relay: () => socket.relay,
    relays,
    reaches: (ip) => socket.reaches(ip),
    isOwn: (ip) => interfaceAddresses().includes(ip),
    secondPort: new SecondPort(socket),
    onChange,
  });
}
