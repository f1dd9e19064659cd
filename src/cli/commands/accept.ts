import { Readable } from "node:stream";
import { defineCommand, type CommandDef } from "citty";
import type { Connection, QuicpipeError } from "../../peer/index.ts";
import { formatAddress } from "../../wire/address.ts";
import { forwardProtocol, requireTarget } from "../forward/endpoint.ts";
import { forwardTo } from "../forward/to-target.ts";
import { inDirectFlag } from "../peer/direct-unavailable.ts";
import { tellPaths } from "../peer/path-watch.ts";
import { peerArgs, workAsAccepter } from "../peer/peer.ts";
import { endedEarly, pipeProtocols, pipeStreams } from "../peer/pipe.ts";
import { Dialers } from "../ping/dialers.ts";
import { pingProtocol } from "../ping/protocol.ts";
import { printable } from "../terminal-text.ts";
import { requireTicketTerms, ticketArgs, TicketOffer, undialed } from "../ticket/offer.ts";

const args = {
  ...peerArgs,
  ...ticketArgs,
  keep: {
    type: "boolean",
    description:
      "Go on after the first connection: one after the other, without reading stdin; with --to all at once",
  },
  to: {
    type: "string",
    description: "Lead each stream to a TCP connection with this address, in place of stdin and stdout",
    valueHint: "host:port",
  },
} as const;

/** `quicpipe accept`: a netcat over QUIC, the accepting end. */
export const accept = defineCommand({
  meta: {
    name: "accept",
    description:
      "Wait for one connection: what the peer sends comes out on stdout, stdin goes to it; answers the pings of all. Without --pin and --insecure it prints a ticket for the other side to dial",
  },
  args,
  async run({ args: given }) {
    const terms = requireTicketTerms(given);
    const target = given.to === undefined ? undefined : requireTarget(given.to);
    const inAll = given.keep ? Infinity : (terms?.connections ?? 1);
    const dialers = new Dialers({ inAll, atOnce: target ? inAll : 1 });
    const say = sayOnce();
    // What becomes of later pings does not concern whoever uses the pipe.
    const onError = (error: QuicpipeError): void => void (dialers.areAllThere || say(inDirectFlag(error)));
    const alpn = target ? [forwardProtocol, pingProtocol] : [...pipeProtocols, pingProtocol];
    const options = { alpn, accepts: dialers.accepts, backlog: 0, onError };
    const serve = target
      ? (connection: Connection) => forwardTo(connection, target)
      : (connection: Connection) => pipe(connection, inAll === 1 ? process.stdin : Readable.from([]));
    return await workAsAccepter(given, options, async (peer) => {
      const offer = terms && new TicketOffer(peer, terms, given.keep === true, () => dialers.stop());
      await offer?.open();
      const waiting = target ? `, for TCP to ${printable(formatAddress(target))}` : "";
      process.stderr.write(`quicpipe: waiting for a peer at ${printable(given.relay)}${waiting}\n`);
      const work = async (connection: Connection): Promise<void> => {
        offer?.use();
        welcome(connection, given.verbose);
        await (inAll === 1 ? serve(connection) : outlived(serve(connection), connection));
      };
      try {
        await dialers.serve(peer, work);
      } finally {
        offer?.close();
      }
      if (terms && dialers.begun === 0 && dialers.areAllThere) throw undialed(terms);
    });
  },
}) as CommandDef;

function welcome(connection: Connection, isVerbose: boolean | undefined): void {
  process.stderr.write(`quicpipe: ${nameOf(connection)} connected\n`);
  if (isVerbose) void tellPaths(connection);
}

function nameOf({ remoteName }: Connection): string {
  return printable(remoteName ?? "a peer");
}

async function pipe(connection: Connection, input: Readable): Promise<void> {
  const { value: stream } = await connection.incomingBidirectionalStreams.getReader().read();
  if (!stream) throw endedEarly(await connection.closed);
  await pipeStreams(connection, stream, "accepter", input);
}

/** One of many connections: its end is told, and ends no other. */
async function outlived(served: Promise<void>, connection: Connection): Promise<void> {
  const said = await served.then(
    () => "has left",
    (error: unknown) => `is gone: ${printable(error instanceof Error ? error.message : String(error))}`,
  );
  connection.close();
  process.stderr.write(`quicpipe: ${nameOf(connection)} ${said}\n`);
}

/** Prints why no peer was accepted, but not the same reason twice in a row. */
function sayOnce(): (error: QuicpipeError) => void {
  let last = "";
  return ({ message, code }) => {
    if (message !== last) process.stderr.write(`quicpipe: ${printable(message)} (${code}); still waiting\n`);
    last = message;
  };
}
