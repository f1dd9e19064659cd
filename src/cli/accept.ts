import { defineCommand, type CommandDef } from "citty";
import { bindPeer, peerArgs } from "./peer.ts";
import { pipeStandardStreams } from "./pipe.ts";

const args = { ...peerArgs } as const;

/** `quicpipe accept`: a netcat over QUIC, the end that is called. */
export const accept = defineCommand({
  meta: {
    name: "accept",
    description: "Wait for one connection: what the peer sends comes out on stdout, stdin goes to it",
  },
  args,
  async run({ args: given }) {
    const { peer } = await bindPeer(given);
    const stop = (): void => void peer.close();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
    process.stderr.write(`quicpipe: waiting for a peer at ${given.relay}\n`);
    try {
      for await (const connection of peer) {
        process.stderr.write(`quicpipe: ${connection.remoteName ?? "a peer"} connected\n`);
        const { value: stream } = await connection.incomingBidirectionalStreams.getReader().read();
        if (stream) await pipeStandardStreams(connection, stream);
        return;
      }
    } finally {
      await peer.close();
    }
  },
}) as CommandDef;
