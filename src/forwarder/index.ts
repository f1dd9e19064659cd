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
export { openStunPort, type StunPort } from "./stun/stun-port.ts";
export type { Finding } from "./doctor/finding.ts";

/**
 * Opens the data plane with the requested backend. The caller closes it, and has checked the options (`plugin/options/`).
 *
 * @throws ERR_QUICPIPE_LISTEN_FAILED; ERR_QUICPIPE_BACKEND_UNAVAILABLE if native is asked for and cannot run
 */
export async function createForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const chosen = chooseBackend(options);
  return chosen.backend === "native"
    ? await createNativeForwarder(options, chosen)
    : await createDgramForwarder(options, chosen);
}
