import { defineCommand, type CommandDef } from "citty";
import type { Connection, Peer } from "../../peer/index.ts";
import { openTicket } from "../../peer/ticket/index.ts";
import { formatAddress } from "../../wire/address.ts";
import { requireName } from "../arguments.ts";
import { type Endpoint, forwardProtocol, requireListen } from "../forward/endpoint.ts";
import { PortForward } from "../forward/from-port.ts";
import { dialArgs, peerArgs, requireTimeout, workAs, workAsPeer } from "../peer/peer.ts";
import { tellPaths } from "../peer/path-watch.ts";
import { pipeProtocols, pipeStreams } from "../peer/pipe.ts";
import { printable } from "../terminal-text.ts";
import { givenTicket } from "../ticket/given-ticket.ts";

const args = {
  name: {
    type: "positional",
    required: true,
    description:
      "Name of the peer to talk to, or a ticket that `quicpipe accept` printed, or - for a ticket on the first line of stdin",
  },
  ...peerArgs,
  ...dialArgs,
  listen: {
    type: "string",
    description:
      "Lead TCP connections to this port to the peer, which has --to, in place of stdin and stdout; on loopback, or at an address",
    valueHint: "port",
  },
} as const;

/** `quicpipe dial`: a netcat over QUIC, the dialing end. */
export const dial = defineCommand({
  meta: {
    name: "dial",
    description:
      "Connect to a peer by a ticket or its name: stdin goes to it, what it sends comes out on stdout",
  },
  args,
  async run({ args: given, rawArgs }) {
    const timeoutMs = requireTimeout(given.timeout);
    const listen = given.listen === undefined ? undefined : requireListen(given.listen);
    const options = { alpn: listen ? forwardProtocol : pipeProtocols };
    const talk = (connection: Connection, name: string): Promise<void> =>
      talkTo(connection, name, { listen, verbose: given.verbose });
    const ticket = await givenTicket(given.name, rawArgs, process.stdin);
    if (ticket !== undefined) {
      const { binding, name, pin } = await openTicket(ticket);
      return await workAs(binding, given, options, async (peer) => {
        announce(name, "", binding.relay);
        await talk(await peer.dial(name, { pin, timeoutMs }), name);
      });
    }
    const { name } = given;
    requireName("NAME", name);
    return await workAsPeer(given, options, async (peer: Peer, trust) => {
      announce(name, given.as === name ? ", which is this peer's own name," : "", given.relay);
      await talk(await peer.dial(name, { trust, timeoutMs }), name);
    });
  },
}) as CommandDef;

function announce(name: string, own: string, relay: string | URL): void {
  process.stderr.write(`quicpipe: dialing ${printable(name)}${own} at ${printable(String(relay))}\n`);
}

interface Talk {
  readonly listen: Endpoint | undefined;
  readonly verbose: boolean | undefined;
}

async function talkTo(connection: Connection, name: string, { listen, verbose }: Talk): Promise<void> {
  const way = connection.path.kind === "direct" ? "directly" : "by the relay";
  process.stderr.write(`quicpipe: connected to ${printable(name)} ${way}\n`);
  if (verbose) void tellPaths(connection);
  if (listen) return await forwardFrom(connection, name, listen);
  await pipeStreams(connection, await connection.createBidirectionalStream(), "dialer", process.stdin);
}

/** Leads TCP connections to a port to the peer, until the connection with it ends. */
async function forwardFrom(connection: Connection, name: string, listen: Endpoint): Promise<void> {
  const forward = await PortForward.open(connection, listen);
  try {
    const { address } = forward;
    process.stderr.write(`quicpipe: TCP to ${formatAddress(address)} leads to ${printable(name)}\n`);
    await connection.closed;
  } finally {
    forward.close();
  }
}
