import { isIP } from "node:net";
import { QuicpipeError } from "../errors.ts";
import { isLoopback } from "../wire/address.ts";
import { chooseBackend } from "./backend.ts";
import type { Forwarder, ForwarderOptions } from "./contract.ts";
import { createDgramForwarder } from "./dgram/forwarder.ts";
import { createNativeForwarder } from "./native/forwarder.ts";

export { describeRemoval, describeXdp } from "../xdp/index.ts";
export type { XdpInterfaceOptions, XdpInterfaceStatus, XdpMode, XdpOption, XdpStatus } from "../xdp/index.ts";
export type * from "./contract.ts";
export { diagnose } from "./doctor/doctor.ts";
export { holdMemoryTrimmer } from "./native/memory-trimmer.ts";
export { isVirtualAddress } from "./splice/virtual-addresses.ts";
export type { Finding } from "./doctor/finding.ts";

/**
 * Opens the data plane with the requested backend. The caller closes it.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, ERR_QUICPIPE_LISTEN_FAILED; ERR_QUICPIPE_BACKEND_UNAVAILABLE if native is asked for and
 *   cannot run
 */
export async function createForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const { host, upstream } = options;
  if (isIP(host) === 0) throw invalid("host", host, "an IP literal such as 203.0.113.7, or `::` for all");
  if (upstream && !isLoopback(upstream.address))
    throw invalid("upstream.address", upstream.address, "a loopback address such as 127.0.0.1");
  const chosen = chooseBackend(options);
  return chosen.backend === "native"
    ? await createNativeForwarder(options, chosen)
    : await createDgramForwarder(options, chosen);
}

function invalid(option: string, value: string, expected: string): QuicpipeError {
  const message = `option \`${option}\` is ${JSON.stringify(value)}; it has to be ${expected}`;
  return new QuicpipeError("ERR_QUICPIPE_OPTION_INVALID", message, { details: { option, value } });
}
