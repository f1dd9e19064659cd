import type { Backend } from "../../src/forwarder/index.ts";
import type { Contestant } from "./contestant.ts";
import type { Course } from "./course.ts";
import { nodeCommand } from "./program.ts";

/** Returns a relay backend with the sessions of a course, plus `otherSessions` without traffic. */
export function relay(backend: Backend, { cidsPerSession }: Course, otherSessions = 0): Contestant {
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
