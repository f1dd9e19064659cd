import * as defaults from "../../../defaults/index.ts";
import { noBytes, ownBytes } from "../../../own-memory.ts";
import type { EngineConnection } from "../../engine/contract.ts";
import { MessageReader } from "./message-reader.ts";
import { type ControlMessage, encodeMessage } from "./messages.ts";

/** What prefixes the application protocol of peers that talk about paths. */
export const pathProtocol = "qp1+";

/** Longest name that has room for the prefix (RFC 7301 §3.1). */
const maxNameBytes = 255 - pathProtocol.length;

/** Returns the application protocols to offer: each first in the form for peers that talk about paths, then plain for others. */
export function offered(alpn: readonly string[]): string[] {
  return alpn.flatMap((name) =>
    Buffer.byteLength(name) <= maxNameBytes ? [pathProtocol + name, name] : [name],
  );
}

/** Returns the application's own name of a protocol that was agreed on. */
export function applicationName(protocol: string): string {
  return protocol.startsWith(pathProtocol) ? protocol.slice(pathProtocol.length) : protocol;
}

/** The client's first bidirectional stream (RFC 9000 §2.1). */
const streamId = 0;

/** Room for what is read at a time. The reader copies what it keeps. */
const room = new Uint8Array(defaults.maxControlMessageBytes);

/** Receives what a {@link ControlStream} brings. */
export interface ControlOwner {
  onMessage(message: ControlMessage): void;
  /**
   * The other side says no more. Called once.
   *
   * @param isCut whether it has said too much, or nothing that makes sense.
   */
  onEnd(isCut: boolean): void;
}

/**
 * The stream on which peers talk about paths, if both know it. The application does not see it. What the other side may say has
 * bounds; excess ends the stream, and the connection goes on.
 */
export class ControlStream {
  readonly #engine: EngineConnection;
  readonly #role: "client" | "server";
  readonly #wake: () => void;
  #reader: MessageReader | undefined;
  #unsent: Uint8Array = noBytes;
  #owner: ControlOwner | undefined;
  /** Whether a server has the stream that the client has opened. */
  #isTaken = false;
  #isEnded = false;
  #protocol = "";

  constructor(engine: EngineConnection, role: "client" | "server", wake: () => void) {
    this.#engine = engine;
    this.#role = role;
    this.#wake = wake;
  }

  /** Whether both sides have agreed to talk about paths, once the handshake has come that far. */
  get isAgreed(): boolean {
    this.#protocol ||= this.#engine.applicationProtocol();
    return this.#protocol.startsWith(pathProtocol);
  }

  /** Reports whether a stream is this one. */
  claims(id: number): boolean {
    return id === streamId && this.isAgreed;
  }

  /** Takes the stream on a server, if the client has opened it. It is the first of those that are accepted. */
  accept(): void {
    if (this.#isTaken || this.#role === "client" || !this.isAgreed) return;
    this.#isTaken = this.#engine.acceptStream("bidirectional") !== undefined;
    if (!this.#isTaken) return;
    this.read();
    this.write();
  }

  /** Opens the stream, which is the first that a client opens. What has come already is told by {@link read}. */
  open(owner: ControlOwner): void {
    this.#owner = owner;
    this.#reader = new MessageReader(performance.now());
    if (this.#role === "client") this.#engine.openStream("bidirectional");
  }

  send(message: ControlMessage): void {
    if (this.#isEnded || !this.#owner) return;
    this.#unsent = Buffer.concat([this.#unsent, encodeMessage(message)]);
    this.write();
    // The other side makes this one talk and does not listen.
    if (this.#unsent.length > defaults.maxControlUnsentBytes) return this.#end(this.#owner, true);
    this.#wake();
  }

  /** Reads what has come. */
  read(): void {
    const owner = this.#owner;
    if (!owner) return;
    while (!this.#isEnded) {
      const result = this.#engine.streamReceive(streamId, room);
      if (result === undefined) return;
      if (!("bytes" in result)) return this.#end(owner, false);
      if (!this.#take(owner, result.bytes)) return this.#end(owner, true);
      if (result.fin) return this.#end(owner, false);
    }
  }

  /** Writes on, as far as the other side takes it. */
  write(): void {
    if (this.#isEnded || !this.#owner || this.#unsent.length === 0) return;
    const taken = this.#engine.streamSend(streamId, this.#unsent, false);
    if (typeof taken === "number") this.#unsent = ownBytes(this.#unsent.subarray(taken));
    else if (taken !== undefined) this.#end(this.#owner, false);
  }

  /** Reports whether the bytes were in order. */
  #take(owner: ControlOwner, count: number): boolean {
    const messages = this.#reader!.push(room.subarray(0, count), performance.now());
    if (typeof messages === "string") return false;
    for (const message of messages) owner.onMessage(message);
    return true;
  }

  #end(owner: ControlOwner, isCut: boolean): void {
    this.#isEnded = true;
    this.#engine.streamAbort(streamId, "read", 0);
    this.#engine.streamAbort(streamId, "write", 0);
    owner.onEnd(isCut);
    this.#wake();
  }
}
