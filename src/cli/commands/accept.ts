import { defineCommand, type CommandDef } from "citty";
import type { QuicpipeError } from "../../peer/index.ts";
import { peerArgs, workAsPeer } from "../peer/peer.ts";
import { tellPaths } from "../peer/path-watch.ts";
import { endedEarly, pipeStandardStreams } from "../peer/pipe.ts";
import { printable } from "../terminal-text.ts";

/** `quicpipe accept`: a netcat over QUIC, the accepting end. */
export const accept = defineCommand({
  meta: {
    name: "accept",
    description: "Wait for one connection: what the peer sends comes out on stdout, stdin goes to it",
  },
  args: peerArgs,
  // Accepts one dialer. The others stay in the mailbox for the next accepter.
  run: ({ args: given }) =>
    workAsPeer(given, { backlog: 0, onError: sayOnce() }, async (peer) => {
      process.stderr.write(`quicpipe: waiting for a peer at ${printable(given.relay)}\n`);
      for await (const connection of peer) {
        process.stderr.write(`quicpipe: ${printable(connection.remoteName ?? "a peer")} connected\n`);
        if (given.verbose) void tellPaths(connection);
        const { value: stream } = await connection.incomingBidirectionalStreams.getReader().read();
        if (!stream) throw endedEarly(await connection.closed);
        return await pipeStandardStreams(connection, stream, "accepter");
      }
    }),
}) as CommandDef;

/** Prints why no peer was accepted, but not the same reason twice in a row. */
function sayOnce(): (error: QuicpipeError) => void {
  let last = "";
  return ({ message, code }) => {
    if (message !== last) process.stderr.write(`quicpipe: ${printable(message)} (${code}); still waiting\n`);
    last = message;
  };
}
