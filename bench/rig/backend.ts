import type { Backend } from "../../src/forwarder/index.ts";
import type { Target } from "./target.ts";
import type { Workload } from "./workload.ts";
import { nodeCommand } from "./native/program.ts";

/** Returns a relay backend with the sessions of a workload, plus `otherSessions` without traffic. */
export function relay(backend: Backend, { cidsPerSession }: Workload, otherSessions = 0): Target {
  return {
    name: backend,
    command: ({ cids, addresses: { client, relay: local, sink }, sourcePort }) =>
      nodeCommand(
        "subjects/relay.ts",
        backend,
        cids.path,
        cidsPerSession,
        client,
        sourcePort,
        sink,
        local,
        otherSessions,
      ),
  };
}
