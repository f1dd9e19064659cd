import { request } from "node:https";
import { loadEngine } from "../../../src/peer/engine/engine.ts";
import { Http3Session } from "../../../src/peer/http/session.ts";
import { PeerSocket } from "../../../src/peer/socket.ts";
import { relayTrust } from "../../../src/peer/trust/relay-trust.ts";
import type { Target } from "../attack.ts";
import { patienceMs } from "./patience.ts";

/** Default source address of a visitor. */
const home = "127.0.0.77";

/** Duration of one `GET /` over a connection of its own, in ms; `undefined` if it failed. */
export type Visit = number | undefined;

/** Visits over HTTP/3. @param localAddress the visitor's source address. */
export function visitHttp3(target: Target, localAddress: string = home): Promise<Visit> {
  return timed(async () => {
    const relay = { address: target.host, port: target.port };
    const socket = await PeerSocket.bind({ host: localAddress, port: 0, relay });
    try {
      return await getOver(socket, target);
    } finally {
      await socket.close();
    }
  });
}

async function getOver(socket: PeerSocket, { port, certificate }: Target): Promise<boolean> {
  const signal = AbortSignal.timeout(patienceMs);
  let session: Http3Session | undefined;
  try {
    session = await Http3Session.open({
      engine: loadEngine(),
      socket,
      path: socket.pathTo(socket.relay),
      authority: `localhost:${port}`,
      trust: relayTrust("localhost", certificate),
      signal,
    });
    session.use();
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
