import { setTimeout as sleep } from "node:timers/promises";
import { connect, type TLSSocket } from "node:tls";
import type { Target } from "../attack.ts";

/** Types of frames (RFC 9113 §6). */
export const frameType = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, continuation: 9 } as const;
/** Flags of frames. */
export const frameFlag = { endStream: 1, endHeaders: 4 } as const;

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** TLS to the relay's TCP port; ALPN chooses the protocol. */
export async function connectTls(target: Target, protocol: "h2" | "http/1.1"): Promise<TLSSocket> {
  const { host, port, certificate: ca } = target;
  const socket = connect({ host, port, ca, servername: "localhost", ALPNProtocols: [protocol] });
  // That the relay ends it is what an attack may meet.
  socket.on("error", () => undefined);
  await firstOf(socket, ["secureConnect", "close"], handshakeMs);
  return socket;
}

/** How long a handshake, and a relay that reads no more, are waited for, in ms. */
const handshakeMs = 10_000;
const drainMs = 1000;

/** Writes, and waits until there is room for more. */
export async function flood(socket: TLSSocket, bytes: Uint8Array | string): Promise<void> {
  if (socket.destroyed || socket.write(bytes)) return sleep(0);
  await firstOf(socket, ["drain", "close"], drainMs);
}

/** Waits for the first of some events; an error is none of them. */
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

/** An HTTP/2 connection without any manners. */
export class RawHttp2 {
  readonly #socket: TLSSocket;

  private constructor(socket: TLSSocket, isDeaf: boolean) {
    this.#socket = socket;
    if (isDeaf) socket.pause();
    else socket.resume();
    socket.write(Buffer.concat([preface, frame(frameType.settings, 0, 0)]));
  }

  /** @param isDeaf whether it reads nothing. */
  static async open(target: Target, isDeaf = false): Promise<RawHttp2> {
    return new RawHttp2(await connectTls(target, "h2"), isDeaf);
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  /** Sends frames, as fast as the relay takes them. */
  async send(...frames: readonly Uint8Array[]): Promise<void> {
    await flood(this.#socket, Buffer.concat(frames));
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** A frame (RFC 9113 §4.1). */
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

/** Header fields as literals without indexing (RFC 7541 §6.2.2), each shorter than 127 bytes. */
export function fieldBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.map(([name, value]) => Buffer.concat([Buffer.of(0), text(name), text(value)])));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

/** A request for a path, without its end unless it says so. */
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
