import { isIP } from "node:net";
import { developmentCertificatePath } from "../gateway/index.ts";
import { readStateFile } from "../state.ts";
import { readOptionFile } from "./arguments.ts";

/** Options of every command that talks to a relay. */
export const relayAccessArgs = {
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
  "token-file": {
    type: "string",
    description: "File with the token to use (or set QUICPIPE_TOKEN)",
    valueHint: "file",
  },
} as const;

/** What the command line said, of {@link relayAccessArgs}. */
export interface RelayAccessArgs {
  readonly relay: string;
  readonly "relay-ca"?: string | undefined;
  readonly "token-file"?: string | undefined;
}

/** The token of a file or the environment. @throws ERR_QUICPIPE_OPTION_INVALID if the file cannot be read. */
export function givenToken(args: RelayAccessArgs): string | undefined {
  const path = args["token-file"];
  const given = path === undefined ? process.env["QUICPIPE_TOKEN"] : readOptionFile("--token-file", path);
  return given ? given.trim() : undefined;
}

/** The relay on this machine serves its development certificate, which no CA knows. */
export function readRelayCa(args: RelayAccessArgs): string | undefined {
  if (args["relay-ca"] !== undefined) return readOptionFile("--relay-ca", args["relay-ca"]);
  return isOnThisMachine(args) ? readStateFile(developmentCertificatePath())?.toString() : undefined;
}

/** Whether the relay's address is a loopback one; whatever else is wrong with it, who connects to it says. */
export function isOnThisMachine({ relay }: RelayAccessArgs): boolean {
  const host = URL.parse(relay)?.hostname ?? "";
  return host === "localhost" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
}
