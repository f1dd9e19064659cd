import { onTestFinished } from "vitest";
import { loadEngine } from "../../../../src/peer/engine/engine.ts";
import type { HttpRequest } from "../../../../src/peer/http/http.ts";
import { Http3Session } from "../../../../src/peer/http/session.ts";
import { PeerSocket } from "../../../../src/peer/socket.ts";
import { relayTrust } from "../../../../src/peer/trust/relay-trust.ts";
import { testCertificate } from "../certificate.ts";

/** What a test may want to be different. */
export interface SessionOptions {
  /** The relay's name or address, for which its certificate has to be valid; `localhost` if absent. */
  readonly host?: string;
  /** The trusted CA; the certificate of tests if absent. */
  readonly relayCa?: string;
  readonly onGoaway?: () => void;
}

/** Opens a session with whatever is at a port of loopback; closed when the test ends. */
export async function openSessionTo(port: number, options: SessionOptions = {}): Promise<Http3Session> {
  const { host = "localhost", relayCa = (await testCertificate()).certificate, onGoaway } = options;
  const relay = { address: "127.0.0.1", port };
  const socket = await PeerSocket.bind({ host: "127.0.0.1", port: 0, relay });
  onTestFinished(() => socket.close());
  const session = await Http3Session.open({
    engine: loadEngine(),
    socket,
    path: socket.pathTo(relay),
    authority: `localhost:${port}`,
    trust: relayTrust(host, relayCa),
    onGoaway,
    signal: new AbortController().signal,
  });
  session.use();
  onTestFinished(() => session.close());
  return session;
}

/** A request that does not fail soon. */
export function get(path: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: "GET", path, headers: {}, timeoutMs: 60_000, isIdempotent: false, ...more };
}
