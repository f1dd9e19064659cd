import { defineCommand, type CommandDef } from "citty";
import type { QuicpipeError } from "../../peer/index.ts";
import { inDirectFlag } from "../peer/direct-unavailable.ts";
import { tellPaths } from "../peer/path-watch.ts";
import { peerArgs, workAsPeer } from "../peer/peer.ts";
import { endedEarly, pipeProtocols, pipeStandardStreams } from "../peer/pipe.ts";
import { Dialers } from "../ping/dialers.ts";
import { pingProtocol } from "../ping/protocol.ts";
import { printable } from "../terminal-text.ts";

/** `quicpipe accept`: a netcat over QUIC, the accepting end. */
export const accept = defineCommand({
  meta: {
    name: "accept",
    description:
      "Wait for one connection: what the peer sends comes out on stdout, stdin goes to it; answers the pings of all",
  },
  args: peerArgs,
  async run({ args: given }) {
    const dialers = new Dialers();
    const say = sayOnce();
    // What becomes of later pings does not concern whoever uses the pipe.
    const onError = (error: QuicpipeError): void => void (dialers.isTaken || say(inDirectFlag(error)));
    const options = { alpn: [...pipeProtocols, pingProtocol], accepts: dialers.accepts, backlog: 0, onError };
    return await workAsPeer(given, options, async (peer) => {
      process.stderr.write(`quicpipe: waiting for a peer at ${printable(given.relay)}\n`);
      const connection = await dialers.first(peer);
      if (!connection) return;
      process.stderr.write(`quicpipe: ${printable(connection.remoteName ?? "a peer")} connected\n`);
      dialers.answerOthers(peer).catch(onError);
      if (given.verbose) void tellPaths(connection);
      const { value: stream } = await connection.incomingBidirectionalStreams.getReader().read();
      if (!stream) throw endedEarly(await connection.closed);
      return await pipeStandardStreams(connection, stream, "accepter");
    });
  },
}) as CommandDef;

/** Prints why no peer was accepted, but not the same reason twice in a row. */
function sayOnce(): (error: QuicpipeError) => void {
  let last = "";
  return ({ message, code }) => {
    if (message !== last) process.stderr.write(`quicpipe: ${printable(message)} (${code}); still waiting\n`);
    last = message;
  };
}
