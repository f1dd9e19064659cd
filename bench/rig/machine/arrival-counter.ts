import { type Namespace, runAt } from "./namespace.ts";

/** IPv4 and UDP headers. */
const headerBytes = 28;

/** Counts datagrams on arrival at an interface. */
export class ArrivalCounter {
  readonly #namespace: Namespace;

  constructor(namespace: Namespace, device: string) {
    this.#namespace = namespace;
    this.#nft("add table netdev bench");
    this.#nft("add counter netdev bench arrived");
    this.#nft(`add chain netdev bench in { type filter hook ingress device ${device} priority 0; }`);
  }

  /** Passes datagrams on. */
  open(): void {
    this.#nft("flush chain netdev bench in");
  }

  /** Counts datagrams and drops them: the least that a receiver can cost. */
  close(): void {
    this.open();
    this.#nft("add rule netdev bench in ip protocol udp counter name arrived drop");
  }

  /** Returns the number of datagrams of this size counted so far. */
  arrived(datagramBytes: number): number {
    const [, { counter }] = JSON.parse(this.#nft("list counter netdev bench arrived", "-j")).nftables;
    // The counter sees a message that the kernel passes on whole as one packet with one set of headers.
    return (counter.bytes - counter.packets * headerBytes) / datagramBytes;
  }

  remove(): void {
    this.#nft("delete table netdev bench");
  }

  #nft(command: string, ...options: string[]): string {
    return runAt(this.#namespace, "nft", ...options, command);
  }
}
