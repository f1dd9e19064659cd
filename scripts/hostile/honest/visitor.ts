import type { Socket } from "node:dgram";
import { request } from "node:https";
import { Http3Session } from "../../../src/peer/http/session.ts";
import type { Target } from "../attack.ts";
import { openSocket } from "./socket.ts";

/** Default source address of a visitor. */
const home = "127.0.0.77";
/** Longest time for a visit, in ms. */
const patienceMs = 5000;

/** Duration of one `GET /` over a connection of its own, in ms; `undefined` if it failed. */
export type Visit = number | undefined;

/** Visits over HTTP/3. @param localAddress the visitor's source address. */
export function visitHttp3(target: Target, localAddress: string = home): Promise<Visit> {
  return timed(async () => {
    const socket = await openSocket(localAddress);
    try {
      return await getOver(socket, target);
    } finally {
      socket.close();
    }
  });
}

async function getOver(socket: Socket, { host, port, certificate }: Target): Promise<boolean> {
  const signal = AbortSignal.timeout(patienceMs);
  let isOver = false;
  let session: Http3Session | undefined;
  try {
    session = await Http3Session.open({
      local: socket.address(),
      remote: { address: host, port },
      authority: `localhost:${port}`,
      serverName: "localhost",
      ca: certificate,
      // A session's timers outlive a failed handshake.
      send: (datagram) => void (isOver || socket.send(datagram, port, host)),
      onReceiver: (receive) => socket.on("message", receive),
      timeoutMs: patienceMs,
      signal,
    });
    const get = {
      method: "GET",
      path: "/",
      headers: {},
      timeoutMs: patienceMs,
      isIdempotent: false,
    } as const;
    const { status } = await session.request({ ...get, signal });
    return status === 200;
  } finally {
    await session?.close();
    isOver = true;
  }
}

/** Visits over TCP, as a browser does at first. @param localAddress the visitor's source address. */
export function visitTcp({ host, port, certificate }: Target, localAddress: string = home): Promise<Visit> {
  return timed(
    () =>
      new Promise((resolve, reject) => {
        const options = {
          host,
          port,
          ca: certificate,
          servername: "localhost",
          localAddress,
          agent: false,
        };
        request({ ...options, path: "/", timeout: patienceMs, signal: AbortSignal.timeout(patienceMs) })
          .on("response", (response) =>
            response.resume().on("end", () => resolve(response.statusCode === 200)),
          )
          .on("error", reject)
          .end();
      }),
  );
}

async function timed(visit: () => Promise<boolean>): Promise<Visit> {
  const startedAtMs = performance.now();
  try {
    return (await visit()) ? performance.now() - startedAtMs : undefined;
  } catch {
    return undefined;
  }
}
