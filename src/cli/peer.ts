import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { QuicpipeError } from "../errors.ts";
import { developmentCertificatePath } from "../gateway/index.ts";
import { Peer, type Trust } from "../peer/index.ts";
import { mintDevelopmentToken } from "../plugin/index.ts";
import { listOf, readOptionFile } from "./arguments.ts";
import { keptIdentity } from "./identity.ts";

/** Options that `accept` and `dial` share. */
export const peerArgs = {
  relay: {
    type: "string",
    default: "https://127.0.0.1:4433",
    description: "The relay's HTTP/3 address",
    valueHint: "https://host:port",
  },
  "relay-ca": {
    type: "string",
    description:
      "PEM file of the CA, or of the certificate itself, that the relay's certificate is checked against (default: the system's CAs; on this machine, the development certificate too)",
    valueHint: "file",
  },
  as: {
    type: "string",
    description: "This peer's name, with a relay on this machine that uses the development key",
    valueHint: "name",
  },
  "token-file": {
    type: "string",
    description: "File with this peer's token (or set QUICPIPE_TOKEN)",
    valueHint: "file",
  },
  pin: {
    type: "string",
    description: "Fingerprint of the other peer, as its `quicpipe id` prints it; several with commas",
    valueHint: "sha256",
  },
  insecure: {
    type: "boolean",
    description: "Talk to whoever answers: neither ask for nor check a certificate of the other peer",
  },
} as const;

/** What the command line said, of {@link peerArgs}. */
export interface PeerArgs {
  readonly relay: string;
  readonly "relay-ca"?: string | undefined;
  readonly as?: string | undefined;
  readonly "token-file"?: string | undefined;
  readonly pin?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/**
 * Binds a peer as the command line asks for. The caller closes it.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID where an option is missing or makes no sense.
 */
export async function bindPeer(args: PeerArgs): Promise<{ peer: Peer; trust: Trust }> {
  const trust = requireTrust(args);
  const relayCa = readRelayCa(args);
  const peer = await Peer.bind({
    relay: args.relay,
    token: await requireToken(args),
    identity: await keptIdentity(),
    trust,
    ...(relayCa === undefined ? {} : { relayCa }),
  });
  return { peer, trust };
}

function requireTrust({ pin, insecure }: PeerArgs): Trust {
  const pins = listOf(pin);
  if (insecure && pins.length === 0) return "insecure";
  if (!insecure && pins.length > 0) return pins;
  throw new QuicpipeError(
    "ERR_QUICPIPE_OPTION_INVALID",
    "say whom to trust: either --pin with the fingerprint that the other peer's `quicpipe id` prints, or --insecure for anybody",
  );
}

/** A token from a file or the environment; on this machine, one minted with the development key. */
async function requireToken(args: PeerArgs): Promise<string> {
  const path = args["token-file"];
  const given = path === undefined ? process.env["QUICPIPE_TOKEN"] : readOptionFile("--token-file", path);
  if (given) return given.trim();
  if (args.as !== undefined) return mintDevelopmentToken({ sub: args.as });
  throw new QuicpipeError(
    "ERR_QUICPIPE_OPTION_INVALID",
    "no token: set QUICPIPE_TOKEN or give --token-file; with a relay on this machine, give --as and a name",
  );
}

/** The relay on this machine serves its development certificate, which no CA knows. */
function readRelayCa(args: PeerArgs): string | undefined {
  if (args["relay-ca"] !== undefined) return readOptionFile("--relay-ca", args["relay-ca"]);
  // Whatever else is wrong with it, `Peer.bind` says.
  const hostname = URL.parse(args.relay)?.hostname ?? "";
  const path = developmentCertificatePath();
  return isLoopback(hostname) && existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
}
