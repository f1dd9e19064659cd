import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { QuicpipeError } from "../../../errors.ts";
import { expositionType } from "../../../exposition.ts";
import { codeOf } from "../../../system-error.ts";
import { type Address, formatAddress, parseAddress } from "../../../wire/address.ts";

/** Prometheus, and somebody who looks. */
const maxConnections = 32;
/** Time for a request's head, in ms. */
const patienceMs = 10_000;

/** A listener for Prometheus. The caller closes it. */
export interface MetricsListener extends AsyncDisposable {
  readonly address: Address;
}

/**
 * Answers `GET /metrics` over plain HTTP with a page, without a token: who reaches the address reads the figures.
 *
 * @throws ERR_QUICPIPE_LISTEN_FAILED
 */
export async function openMetricsListener(at: string, page: () => string): Promise<MetricsListener> {
  const { address: host, port } = parseAddress(at)!;
  const server = createServer(
    { headersTimeout: patienceMs, requestTimeout: patienceMs },
    ({ method, url }, response) => {
      if (url?.split("?", 1)[0] !== "/metrics") answer(response, 404, "there is /metrics alone\n");
      else if (method === "GET" || method === "HEAD") answerPage(response, page);
      else answer(response.setHeader("allow", "GET, HEAD"), 405, "GET /metrics\n");
    },
  );
  server.maxConnections = maxConnections;
  await listen(server, { address: host, port });
  return {
    address: { address: host, port: (server.address() as { port: number }).port },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server.close(), "close");
      server.closeAllConnections();
      await closed;
    },
  };
}

function answerPage(response: ServerResponse, page: () => string): void {
  try {
    answer(response, 200, page(), expositionType);
  } catch (error) {
    // The relay has just been closed.
    answer(response, 503, `${String(error)}\n`);
  }
}

function answer(response: ServerResponse, status: number, body: string, type = "text/plain"): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}

async function listen(server: Server, { address: host, port }: Address): Promise<void> {
  try {
    await once(server.listen(port, host), "listening");
    // A connection that the system cannot give leaves the others.
    server.on("error", () => undefined);
  } catch (cause) {
    const system = codeOf(cause);
    throw new QuicpipeError(
      "ERR_QUICPIPE_LISTEN_FAILED",
      `cannot listen on TCP ${formatAddress({ address: host, port })} (\`metricsListen\`, ${system}): choose another port or address`,
      { cause, details: { host, port, system, option: "metricsListen" } },
    );
  }
}
