import { describe, expect, it } from "vitest";
import { QuicpipeError } from "../../../../src/errors.ts";
import type { Http3Clients } from "../../../../src/gateway/http3/clients.ts";
import { Http3Endpoint } from "../../../../src/gateway/http3/endpoint.ts";
import type { QuicServer } from "../../../../src/gateway/http3/quic-server.ts";
import { optionError } from "../../../../src/option-checks.ts";

const pair = (cert: string): { cert: string; key: string } => ({ cert, key: "" });

/** An endpoint at port 443 whose servers cannot use the certificate "unfit", and what these servers do. */
async function opened() {
  const done: string[] = [];
  const taken = new Set<number>();
  const endpoint = new Http3Endpoint("127.0.0.1", ({ cert }) => {
    const own = { port: 0 };
    const server = {
      get port() {
        return own.port;
      },
      async listen(port: number) {
        done.push(`${String(cert)} on ${port}`);
        if (cert === "unfit") throw optionError("key", "unfit");
        if (taken.has(port))
          throw new QuicpipeError("ERR_QUICPIPE_LISTEN_FAILED", "taken", { details: { host: "", port } });
        own.port = port;
      },
      async close() {
        done.push(`${String(cert)} off ${own.port}`);
      },
    };
    const clients = {
      watch: () => undefined,
      end: async () => void done.push(`${String(cert)} takes leave`),
      close: () => undefined,
    };
    return { server: server as unknown as QuicServer, clients: clients as unknown as Http3Clients };
  });
  await endpoint.open(pair("first"), 443);
  done.length = 0;
  return { endpoint, done, taken };
}

describe("the port of an HTTP/3 server", () => {
  it("is served with another certificate once a server at another port has taken it", async () => {
    const { endpoint, done } = await opened();
    await endpoint.reload(pair("second"));
    expect(done).toEqual([
      "second on 0",
      "second off 0",
      "first takes leave",
      "first off 443",
      "second on 443",
    ]);
  });

  it("is served on as before where the certificate cannot be used, which is tried once", async () => {
    const { endpoint, done } = await opened();
    await expect(endpoint.reload(pair("unfit"))).rejects.toMatchObject({
      code: "ERR_QUICPIPE_OPTION_INVALID",
    });
    expect(done).toEqual(["unfit on 0"]);
    await endpoint.close();
    expect(done.slice(1)).toEqual(["first takes leave", "first off 443"]);
  });

  it("is served on as before where no server can be tried", async () => {
    const { endpoint, done, taken } = await opened();
    taken.add(0);
    await expect(endpoint.reload(pair("second"))).rejects.toMatchObject({
      code: "ERR_QUICPIPE_LISTEN_FAILED",
    });
    expect(done).toEqual(["second on 0"]);
  });
});
