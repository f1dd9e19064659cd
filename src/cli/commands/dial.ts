import { defineCommand, type CommandDef } from "citty";
import { type NumberRange, requireName, requireNumber } from "../arguments.ts";
import { peerArgs, workAsPeer } from "../peer/peer.ts";
import { tellPaths } from "../peer/path-watch.ts";
import { pipeStandardStreams } from "../peer/pipe.ts";
import { printable } from "../terminal-text.ts";

const args = {
  name: { type: "positional", required: true, description: "Name of the peer to talk to" },
  ...peerArgs,
  timeout: {
    type: "string",
    default: "30",
    description: "Seconds to wait for the peer's answer",
    valueHint: "seconds",
  },
} as const;

const timeoutRange: NumberRange = { min: 1, max: 3600, unit: "seconds" };

/** `quicpipe dial`: a netcat over QUIC, the dialing end. */
export const dial = defineCommand({
  meta: {
    name: "dial",
    description: "Connect to a peer by its name: stdin goes to it, what it sends comes out on stdout",
  },
  args,
  async run({ args: given }) {
    const timeoutMs = requireNumber("--timeout", given.timeout, timeoutRange) * 1000;
    requireName("NAME", given.name);
    return await workAsPeer(given, {}, async (peer, trust) => {
      const own = given.as === given.name ? ", which is this peer's own name," : "";
      process.stderr.write(`quicpipe: dialing ${printable(given.name)}${own} at ${printable(given.relay)}\n`);
      const connection = await peer.dial(given.name, { trust, timeoutMs });
      process.stderr.write(
        `quicpipe: connected to ${printable(given.name)} by the ${connection.path.kind}\n`,
      );
      if (given.verbose) void tellPaths(connection);
      await pipeStandardStreams(connection, await connection.createBidirectionalStream(), "dialer");
    });
  },
}) as CommandDef;
