import { optionError } from "../../option-checks.ts";
import { type Address, parseAddress } from "../../wire/address.ts";

/** Application protocol of connections that carry TCP (docs/protocol.md, "The streams of forwarded TCP"). */
export const forwardProtocol = "quicpipe-forward";

/** A host, which may be a name, and a port. */
export type Endpoint = Address;

/** Parses the value of `--to`. @throws ERR_QUICPIPE_OPTION_INVALID */
export function requireTarget(value: string): Endpoint {
  const target = parseAddress(value);
  if (target && target.port > 0) return target;
  throw optionError("--to", `--to is ${JSON.stringify(value)}, but must be HOST:PORT, such as 127.0.0.1:22`);
}

/** Parses the value of `--listen`: a port, on loopback, or an address and a port. @throws ERR_QUICPIPE_OPTION_INVALID */
export function requireListen(value: string): Endpoint {
  const address = parseAddress(/^\d+$/.test(value) ? `127.0.0.1:${value}` : value);
  if (address) return address;
  throw optionError(
    "--listen",
    `--listen is ${JSON.stringify(value)}, but must be PORT or ADDRESS:PORT, such as 2222; 0 is any free port`,
  );
}
