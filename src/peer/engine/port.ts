import type { AddonPort } from "./addon.ts";
import { NoqConnection } from "./connection.ts";
import type { EngineConnection, EnginePort, PortReceived, PortStats } from "./contract.ts";

/** What the addon's `flush` returns. */
const flushed = ["all", "more", "blocked"] as const;

/** A port of the addon behind the contract. */
export class NoqPort implements EnginePort {
  readonly address: { readonly address: string; readonly port: number };
  readonly #port: AddonPort;

  constructor(port: AddonPort) {
    this.#port = port;
    this.address = port.address();
  }

  setSources(sources: readonly string[]): void {
    this.#port.setSources(sources);
  }

  attach(ids: readonly Uint8Array[], connection: EngineConnection, number: number): void {
    this.#port.attach(Buffer.concat(ids), addonOf(connection), number);
  }

  detach(ids: readonly Uint8Array[]): void {
    this.#port.detach(Buffer.concat(ids));
  }

  send(datagram: Uint8Array, to: string): void {
    this.#port.send(datagram, to);
  }

  flush(connection: EngineConnection, to: string): "all" | "more" | "blocked" {
    return flushed[this.#port.flush(addonOf(connection), to)]!;
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
