import type { Socket } from "node:dgram";
import { localSocketPollMs, maxLocalSockets } from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { formatAddress } from "../../wire/address.ts";
import { codeOf } from "../../system-error.ts";
import type { ForwarderOptions } from "../contract.ts";
import { bindUdpSocket, closeUdpSocket, type Send, sendFrom } from "./udp-socket.ts";

/** Options of {@link LocalSockets}. `onError` is called once for each address and reason without a socket, and for faults of sockets. */
export interface LocalSocketsOptions extends Pick<
  ForwarderOptions,
  "port" | "socketBufferBytes" | "onError"
> {
  /** Returns the current addresses of this host at which the relay is to be reached. */
  readonly addresses: () => readonly string[];
  /** Returns an address in the spelling in which a socket for it is bound. */
  readonly spell: (address: string) => string;
  /** Called for every new socket. */
  readonly opened: (socket: Socket, local: string) => void;
}

/**
 * A socket for each address of this host, which node:dgram needs to know where a datagram was sent to and to answer from there.
 * They share the port with the socket that is bound to all addresses; the system prefers the most specific one. Closed with
 * {@link close}.
 */
export class LocalSockets {
  readonly #options: LocalSocketsOptions;
  readonly #sockets = new Map<string, { readonly socket: Socket; readonly send: Send }>();
  readonly #refusals = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #following: Promise<void> = Promise.resolve();
  #isClosed = false;
  #hasExcess = false;
  #isUnreadable = false;

  private constructor(options: LocalSocketsOptions) {
    this.#options = options;
  }

  /** Opens sockets for the current addresses, and follows the addresses from then on. */
  static async open(options: LocalSocketsOptions): Promise<LocalSockets> {
    const sockets = new LocalSockets(options);
    await sockets.#follow();
    sockets.#timer = setInterval(() => {
      sockets.#following = sockets.#following.then(() => sockets.#follow());
    }, localSocketPollMs).unref();
    return sockets;
  }

  /** Returns the send function of an address; `undefined` if it has no socket. */
  sendFrom(local: string): Send | undefined {
    return this.#sockets.get(local)?.send;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#following;
    await Promise.all([...this.#sockets.keys()].map((local) => this.#remove(local)));
  }

  /** Adapts the sockets to the current addresses. */
  async #follow(): Promise<void> {
    const all = this.#addresses();
    if (all) await this.#bring(all);
  }

  /** Returns the current addresses; `undefined` if they cannot be read, which it reports once. */
  #addresses(): readonly string[] | undefined {
    try {
      const all = this.#options.addresses();
      this.#isUnreadable = false;
      return all;
    } catch (cause) {
      if (!this.#isUnreadable) this.#options.onError(unreadable(cause));
      this.#isUnreadable = true;
      return undefined;
    }
  }

  async #bring(all: readonly string[]): Promise<void> {
    // Two interfaces may have the same address.
    const held = [...new Set(all)];
    const wanted = new Set(held.slice(0, maxLocalSockets));
    this.#noteExcess(held.length - wanted.size);
    for (const local of this.#sockets.keys()) if (!wanted.has(local)) await this.#remove(local);
    for (const local of this.#refusals.keys()) if (!wanted.has(local)) this.#refusals.delete(local);
    for (const local of wanted) if (!this.#sockets.has(local)) await this.#add(local);
  }

  async #add(local: string): Promise<void> {
    const { onError, opened, port, socketBufferBytes, spell } = this.#options;
    if (this.#isClosed) return;
    try {
      const socket = await bindUdpSocket({ host: spell(local), port, socketBufferBytes, isShared: true });
      this.#sockets.set(local, { socket, send: sendFrom(socket) });
      this.#refusals.delete(local);
      socket.on("error", onError);
      opened(socket, local);
    } catch (error) {
      this.#refuse(local, codeOf(error), error);
    }
  }

  async #remove(local: string): Promise<void> {
    const { socket } = this.#sockets.get(local)!;
    this.#sockets.delete(local);
    await closeUdpSocket(socket);
  }

  /** Reports once that there are more addresses than sockets. */
  #noteExcess(count: number): void {
    const isNew = count > 0 && !this.#hasExcess;
    this.#hasExcess = count > 0;
    if (!isNew) return;
    const message = `this host has ${count} addresses more than get a socket (${maxLocalSockets}): peers that talk to those may not hear the relay's answers; bind \`host\` to one address, or take the native backend`;
    this.#options.onError(new QuicpipeError("ERR_QUICPIPE_LISTEN_FAILED", message, { details: { count } }));
  }

  #refuse(local: string, code: string, cause: unknown): void {
    // A new IPv6 address can be bound once duplicate address detection has passed (RFC 4862 §5.4).
    if (code === "EADDRNOTAVAIL" || this.#refusals.get(local) === code) return;
    this.#refusals.set(local, code);
    const { port } = this.#options;
    const at = formatAddress({ address: local, port });
    const message = `cannot listen on UDP ${at} (${code}): peers that talk to this address may not hear the relay's answers`;
    const details = { host: local, port, system: code };
    this.#options.onError(new QuicpipeError("ERR_QUICPIPE_LISTEN_FAILED", message, { cause, details }));
  }
}

function unreadable(cause: unknown): QuicpipeError {
  const system = codeOf(cause);
  const message = `the addresses of this host cannot be read (${system}): sockets stay at those known so far`;
  return new QuicpipeError("ERR_QUICPIPE_INTERNAL", message, { cause, details: { system } });
}
