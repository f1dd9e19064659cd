/** An SDK that serves a page for Prometheus, to be named by `NODE_OPTIONS=--import`. */
import { startTelemetry } from "../../../../examples/telemetry/sdk.ts";

await startTelemetry("quicpipe", 9464);
