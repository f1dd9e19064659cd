import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { type Address, formatAddress } from "../../wire/address.ts";
import type { Engine, EngineConnection, EnginePort, PortReceived, PortStats } from "../engine/contract.ts";
import type { PacketRoute, PortOwner, Receiver, Strangers, UdpPort } from "./contract.ts";

/**
 * A port of the engine. A turn takes one call for what comes and one for what each connection sends. A thread of the engine
 * wakes it; while datagrams come, it looks for more without that thread.
 */
export class NativePort implements UdpPort {
  readonly mayFragment = false;
  readonly #port: EnginePort;
  readonly #owner: PortOwner;
  readonly #receivers = new Map<number, Receiver>();
  /** Of connections that wait for room. */
  #resumes = new Set<() => void>();
  #nextNumber = 0;
  #immediate: NodeJS.Immediate | undefined;
  #isClosed = false;
  #stats: PortStats = { foreign: 0, strangersRefused: 0, sendFailed: 0, crowdedOut: 0 };

  /** @throws if the system does not give the port. */
  constructor(engine: Engine, host: string, port: number, owner: PortOwner) {
    this.#owner = owner;
    this.#port = engine.bindPort(host, port, defaults.socketBufferBytes, (fault) => this.#onWake(fault));
  }

  get address(): Address {
    return this.#port.address;
  }

  get foreign(): number {
    this.#count();
    return this.#stats.foreign;
  }

  get strangersRefused(): number {
    this.#count();
    return this.#stats.strangersRefused;
  }

  get sendFailed(): number {
    this.#count();
    return this.#stats.sendFailed;
  }

  get crowdedOut(): number {
    this.#count();
    return this.#stats.crowdedOut;
  }

  setSources(relay: readonly Address[], direct: readonly Address[]): void {
    this.#run((port) => port.setSources(relay.map(formatAddress), direct.map(formatAddress)));
  }

  readonly strangers: Strangers = {
    addTag: (tag) => this.#run((port) => port.addTag(tag)),
    removeTag: (tag) => this.#run((port) => port.removeTag(tag)),
    setChecked: (addresses) => this.#run((port) => port.setChecked(addresses.map(formatAddress))),
  };

  addSocket(localPort: number, remote: Address): boolean {
    if (this.#isClosed) return false;
    try {
      this.#port.addSocket(localPort, formatAddress(remote));
      return true;
    } catch {
      // Another program has the port.
      return false;
    }
  }

  removeSocket(remote: Address): void {
    this.#run((port) => port.removeSocket(formatAddress(remote)));
  }

  send(datagram: Uint8Array, to: Address, ttl?: number): void {
    this.#run((port) => port.send(datagram, formatAddress(to), ttl));
  }

  flush(
    connection: EngineConnection,
    relay: Address,
    route: PacketRoute | undefined,
    resume: () => void,
  ): boolean {
    const direct = route?.direct && formatAddress(route.direct);
    const isMirrored = route?.isMirrored ?? false;
    const flush = this.#run((port) => port.flush(connection, formatAddress(relay), direct, isMirrored));
    if (flush?.progress === "more") resume();
    else if (flush?.progress === "blocked") this.#resumes.add(resume);
    return flush?.isMirrored ?? false;
  }

  attach(connectionIds: readonly Uint8Array[], receiver: Receiver): () => void {
    const number = this.#nextNumber++;
    this.#receivers.set(number, receiver);
    this.#run((port) => port.attach(connectionIds, receiver.engine, number));
    return () => {
      this.#receivers.delete(number);
      this.#run((port) => port.detach(connectionIds));
    };
  }

  close(): Promise<void> {
    this.#count();
    this.#end();
    return Promise.resolve();
  }

  #onWake(fault: string | undefined): void {
    if (fault === undefined) this.#drain();
    else this.#fail(new QuicpipeError("ERR_QUICPIPE_CONNECTION_LOST", fault));
  }

  readonly #drain = (): void => {
    const received = this.#run((port) => port.drain());
    if (!received) return;
    // First of all, as a sink may throw.
    if (received.isAny) this.#immediate = setImmediate(this.#drain);
    else this.#run((port) => port.arm());
    this.#deliver(received);
    if (!received.isBlocked) this.#resume();
  };

  #deliver({ connections, others }: PortReceived): void {
    for (let i = 0; i < connections.length; i += 3)
      this.#receivers.get(connections[i]!)?.onReceived(connections[i + 1]!, connections[i + 2]!);
    for (const { datagram, ecn, from } of others)
      if (!this.#isClosed) this.#owner.onDatagram(datagram, ecn, from);
  }

  #resume(): void {
    const resumes = this.#resumes;
    this.#resumes = new Set();
    for (const resume of resumes) resume();
  }

  #count(): void {
    this.#stats = this.#run(({ stats }) => stats) ?? this.#stats;
  }

  /** Calls the port, unless it is closed. An exception is a fault of the port. */
  #run<Result>(call: (port: EnginePort) => Result): Result | undefined {
    if (this.#isClosed) return undefined;
    try {
      return call(this.#port);
    } catch (cause) {
      this.#fail(cause as Error);
      return undefined;
    }
  }

  #fail(cause: Error): void {
    if (this.#isClosed) return;
    this.#end();
    // After the current call, which may be a connection's.
    queueMicrotask(() => this.#owner.onFault(cause));
  }

  #end(): void {
    this.#isClosed = true;
    clearImmediate(this.#immediate);
    this.#resumes.clear();
    this.#port.close();
  }
}
