import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import type { PeerOptions } from "../../peer/index.ts";
import { optionError } from "../../option-checks.ts";
import { developmentCertificatePath, readStateFile } from "../../files/state.ts";
import { requireCertificates } from "../../files/pem.ts";
import { isLoopbackHost } from "../../wire/address.ts";
import { readOptionFile } from "../arguments.ts";

/** Options of every command that talks to a relay. */
export const relayAccessArgs = {
  relay: {
    type: "string",
    default: "https://127.0.0.1:4433",
    description:
      "The relay's URL: https: for HTTP/3, or http: for a relay on this machine, over TCP and without a certificate",
    valueHint: "https://host:port",
  },
  "relay-ca": {
    type: "string",
    description:
      "PEM file of the CA, or of the certificate itself, that the relay's certificate is checked against (default: the system's CAs; for a relay on this machine its development certificate instead, if there is one)",
    valueHint: "file",
  },
  "token-file": {
    type: "string",
    description: "File with the token to use (or set QUICPIPE_TOKEN)",
    valueHint: "file",
  },
} as const;

/** Values of {@link relayAccessArgs} from the command line. */
export interface RelayAccessArgs {
  readonly relay: string;
  readonly "relay-ca"?: string | undefined;
  readonly "token-file"?: string | undefined;
}

/**
 * Returns the token in the given file or the environment.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID if the file cannot be read or is empty.
 */
export function givenToken(args: RelayAccessArgs): string | undefined {
  const path = args["token-file"];
  if (path === undefined) return process.env["QUICPIPE_TOKEN"]?.trim() || undefined;
  const token = readOptionFile("--token-file", path).trim();
  if (token) return token;
  throw new QuicpipeError(
    "ERR_QUICPIPE_OPTION_INVALID",
    `--token-file ${path} is empty: put a token into it`,
    {
      details: { option: "--token-file", path },
    },
  );
}

/** Does work that needs a token. If the relay refuses a token that was minted here, the error says so. */
export async function withToken<Result>(args: RelayAccessArgs, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const isRefused = isQuicpipeError(error) && error.details["status"] === 401;
    if (!isRefused || givenToken(args) !== undefined) throw error;
    throw new QuicpipeError(
      error.code,
      `${error.message}; the token was made with this machine's development key: if the relay takes those of an issuer, give one by --token-file or QUICPIPE_TOKEN`,
      { cause: error, details: error.details },
    );
  }
}

/**
 * Returns the options that say which relay it is, and by which CA it is known. The CA of a relay on this machine defaults to
 * the development certificate, which no CA has signed, in place of the system's.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID if the file of `--relay-ca` cannot be read or holds no certificate,
 *   and for an `http:` relay.
 */
export function relayOptions(args: RelayAccessArgs): Pick<PeerOptions, "relay" | "relayCa"> {
  const relayCa = readRelayCa(args);
  return { relay: args.relay, ...(relayCa !== undefined && { relayCa }) };
}

function readRelayCa(args: RelayAccessArgs): string | undefined {
  const path = args["relay-ca"];
  if (path !== undefined && URL.parse(args.relay)?.protocol === "http:")
    throw optionError(
      "--relay-ca",
      "--relay-ca has no effect: an http: relay has no certificate, so omit it",
    );
  if (path !== undefined)
    return requireCertificates(`--relay-ca ${path}`, readOptionFile("--relay-ca", path)).join("\n");
  const mayBeDevelopment = isOnThisMachine(args) && URL.parse(args.relay)?.protocol === "https:";
  return mayBeDevelopment ? readStateFile(developmentCertificatePath())?.toString() : undefined;
}

/** Reports whether the relay's host is a loopback one. An invalid URL is reported on connecting. */
export function isOnThisMachine({ relay }: RelayAccessArgs): boolean {
  return isLoopbackHost(URL.parse(relay)?.hostname ?? "");
}
