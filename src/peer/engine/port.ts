import type { AddonPort } from "./addon.ts";
import { NoqConnection } from "./connection.ts";
import type {
  EngineConnection,
  EnginePort,
  PortAddress,
  PortFlush,
  PortReceived,
  PortStats,
} from "./contract.ts";

/** What the numbers mean that the addon's `flush` returns. */
const flushes: readonly PortFlush[] = [false, true].flatMap((isMirrored) =>
  (["all", "more", "blocked"] as const).map((progress) => ({ progress, isMirrored })),
);

/** A port of the addon behind the contract. */
export class NoqPort implements EnginePort {
  readonly address: PortAddress;
  readonly #port: AddonPort;

  constructor(port: AddonPort) {
    this.#port = port;
    this.address = port.address();
  }

  setSources(relay: readonly string[], direct: readonly string[]): void {
    this.#port.setSources(relay, direct);
  }

  addTag(tag: string): void {
    this.#port.addTag(tag);
  }

  removeTag(tag: string): void {
    this.#port.removeTag(tag);
  }

  setChecked(addresses: readonly string[]): void {
    this.#port.setChecked(addresses);
  }

  attach(ids: readonly Uint8Array[], connection: EngineConnection, number: number): void {
    this.#port.attach(Buffer.concat(ids), addonOf(connection), number);
  }

  detach(ids: readonly Uint8Array[]): void {
    this.#port.detach(Buffer.concat(ids));
  }

  addSocket(localPort: number, remote: string): void {
    this.#port.addSocket(localPort, remote);
  }

  removeSocket(remote: string): void {
    this.#port.removeSocket(remote);
  }

  send(datagram: Uint8Array, to: string, ttl?: number): void {
    this.#port.send(datagram, to, ttl);
  }

  flush(
    connection: EngineConnection,
    relay: string,
    direct: string | undefined,
    isMirrored: boolean,
  ): PortFlush {
    return flushes[this.#port.flush(addonOf(connection), relay, direct, isMirrored)]!;
  }

  drain(): PortReceived {
    return this.#port.drain();
  }

  arm(): void {
    this.#port.arm();
  }

  get stats(): PortStats {
    return this.#port.stats();
  }

  close(): void {
    this.#port.close();
  }
}

/** The engine makes all connections, so it knows each. */
function addonOf(connection: EngineConnection): NoqConnection["addon"] {
  return (connection as NoqConnection).addon;
}
