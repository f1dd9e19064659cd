import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Peer, type PeerOptions } from "../../../src/peer/index.ts";
import { mintDevelopmentToken } from "../../../src/plugin/index.ts";
import { type Child, projectPath, startChild } from "../harness/child.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { testIdentities } from "../harness/peers.ts";
import { freePort } from "../harness/network/ports.ts";

/** The example's relay with the real SDK, as a process of its own. */
export interface TelemetryRelay {
  readonly child: Child;
  readonly metricsUrl: string;
  /** Binds a peer to it, with a token that its development key has signed. */
  bind(name: "alice" | "bob", options?: Partial<PeerOptions>): Promise<Peer>;
  /** Ends it in good order, spans and metrics sent. */
  stop(): Promise<void>;
}

/** Starts the example against an OTLP receiver; it is killed when the test ends. */
export async function startTelemetryRelay(otlpUrl: string): Promise<TelemetryRelay> {
  const state = temporaryFolder();
  setVariable("XDG_STATE_HOME", state);
  setVariable("OTEL_EXPORTER_OTLP_ENDPOINT", otlpUrl);
  const child = startChild(process.execPath, [projectPath("examples/telemetry/relay.ts")], {
    env: { NODE_ENV: "", PORT: "0", METRICS_PORT: String(await freePort()) },
  });
  const [, port, metricsUrl] = await child.prints(/listening on 127\.0\.0\.1:(\d+) .* metrics at (\S+)/);
  const relayCa = readFileSync(join(state, "quicpipe", "development-certificate.pem"), "utf8");
  return {
    child,
    metricsUrl: metricsUrl!,
    async bind(name, options = {}) {
      const token = await mintDevelopmentToken({ sub: name });
      const identity = (await testIdentities())[name];
      const relay = `https://127.0.0.1:${port}`;
      const peer = await Peer.bind({ relay, relayCa, token, identity, host: "127.0.0.1", ...options });
      onTestFinished(() => peer.close());
      return peer;
    },
    async stop() {
      child.process.kill("SIGINT");
      const status = await child.exited;
      if (status !== 0) throw new Error(`the relay ended with ${status}:\n${child.stderr()}`);
    },
  };
}

/** Sets an environment variable until the test ends. */
function setVariable(name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  onTestFinished(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}
