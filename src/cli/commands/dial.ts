import { defineCommand, type CommandDef } from "citty";
import { requireName } from "../arguments.ts";
import { dialArgs, peerArgs, requireTimeout, workAsPeer } from "../peer/peer.ts";
import { tellPaths } from "../peer/path-watch.ts";
import { pipeStandardStreams } from "../peer/pipe.ts";
import { printable } from "../terminal-text.ts";

const args = {
  name: { type: "positional", required: true, description: "Name of the peer to talk to" },
  ...peerArgs,
  ...dialArgs,
} as const;

/** `quicpipe dial`: a netcat over QUIC, the dialing end. */
export const dial = defineCommand({
  meta: {
    name: "dial",
    description: "Connect to a peer by its name: stdin goes to it, what it sends comes out on stdout",
  },
  args,
  async run({ args: given }) {
    const timeoutMs = requireTimeout(given.timeout);
    requireName("NAME", given.name);
    return await workAsPeer(given, {}, async (peer, trust) => {
      const own = given.as === given.name ? ", which is this peer's own name," : "";
      process.stderr.write(`quicpipe: dialing ${printable(given.name)}${own} at ${printable(given.relay)}\n`);
      const connection = await peer.dial(given.name, { trust, timeoutMs });
      const way = connection.path.kind === "direct" ? "directly" : "by the relay";
      process.stderr.write(`quicpipe: connected to ${printable(given.name)} ${way}\n`);
      if (given.verbose) void tellPaths(connection);
      await pipeStandardStreams(connection, await connection.createBidirectionalStream(), "dialer");
    });
  },
}) as CommandDef;
