import { setTimeout as sleep } from "node:timers/promises";
import { connect, type TLSSocket } from "node:tls";
import type { Target } from "../attack.ts";

/** Frame types (RFC 9113 §6). */
export const frameType = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, continuation: 9 } as const;
/** Frame flags. */
export const frameFlag = { endStream: 1, endHeaders: 4 } as const;

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Opens a TLS connection to the relay's TCP port. ALPN selects the protocol. @param from source address. */
export async function connectTls(
  { host, port, certificate: ca }: Target,
  protocol: "h2" | "http/1.1",
  from?: string,
): Promise<TLSSocket> {
  const socket = connect({
    host,
    port,
    ca,
    servername: "localhost",
    ALPNProtocols: [protocol],
    ...(from !== undefined && { localAddress: from }),
  });
  // An attack has to expect that the relay ends the connection.
  socket.on("error", () => undefined);
  await firstOf(socket, ["secureConnect", "close"], handshakeMs);
  return socket;
}

/** Time for a handshake, and for a relay that has stopped reading, in ms. */
const handshakeMs = 10_000;
const drainMs = 1000;

/** Writes, and waits until there is room for more. */
export async function flood(socket: TLSSocket, bytes: Uint8Array | string): Promise<void> {
  if (socket.destroyed || socket.write(bytes)) return sleep(0);
  await firstOf(socket, ["drain", "close"], drainMs);
}

/** Waits for the first of several events. An error does not count as one. */
function firstOf(socket: TLSSocket, events: readonly string[], timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, timeoutMs);
    for (const event of events) socket.on(event, done);
    function done(): void {
      clearTimeout(timer);
      for (const event of events) socket.off(event, done);
      resolve();
    }
  });
}

/** Options of {@link RawHttp2.open}. */
export interface RawHttp2Options {
  /** Whether the client reads nothing; `false` if absent. */
  readonly isDeaf?: boolean;
  /** Source address. */
  readonly from?: string;
}

/** An HTTP/2 connection that obeys no rules. */
export class RawHttp2 {
  readonly #socket: TLSSocket;

  private constructor(socket: TLSSocket, isDeaf: boolean) {
    this.#socket = socket;
    if (isDeaf) socket.pause();
    else socket.resume();
    socket.write(Buffer.concat([preface, frame(frameType.settings, 0, 0)]));
  }

  static async open(target: Target, options: RawHttp2Options = {}): Promise<RawHttp2> {
    return new RawHttp2(await connectTls(target, "h2", options.from), options.isDeaf ?? false);
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  /** Sends frames as fast as the relay takes them. */
  async send(...frames: readonly Uint8Array[]): Promise<void> {
    await flood(this.#socket, Buffer.concat(frames));
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Encodes a frame (RFC 9113 §4.1). */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Encodes header fields as literals without indexing (RFC 7541 §6.2.2). */
export function fieldBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.map(([name, value]) => Buffer.concat([Buffer.of(0), text(name), text(value)])));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([stringLength(bytes.length, 0), bytes]);
}

/** Encodes the length of a string literal, of less than 16 510 bytes (RFC 7541 §5.1 and §5.2). @param huffman 0x80 if it is coded so. */
export function stringLength(length: number, huffman: 0 | 0x80): Buffer {
  if (length < 127) return Buffer.of(huffman | length);
  const rest = length - 127;
  return Buffer.of(huffman | 127, (rest & 127) | 128, rest >> 7);
}

/** Returns a request for a path, without END_STREAM by default. */
export function requestFrame(
  stream: number,
  method: string,
  path: string,
  flags: number = frameFlag.endHeaders,
): Buffer {
  const fields = [
    [":method", method],
    [":scheme", "https"],
    [":path", path],
    [":authority", "localhost"],
  ] as const;
  return frame(frameType.headers, flags, stream, fieldBlock(fields));
}
