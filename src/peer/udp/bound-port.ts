import type { Engine } from "../engine/contract.ts";
import type { PortOwner, UdpPort } from "./contract.ts";
import { DgramPort } from "./dgram.ts";
import { NativePort } from "./native.ts";

/**
 * Binds a UDP port, of the engine if there is one and it can. `::` stands for all addresses of both families.
 *
 * @throws the system's error if the address is taken or not there.
 */
export async function bindPort(
  engine: Engine | undefined,
  host: string,
  port: number,
  owner: PortOwner,
): Promise<UdpPort> {
  const native = engine && bindNative(engine, host, port, owner);
  if (native) return native;
  try {
    return await DgramPort.bind(host, port, owner);
  } catch (error) {
    // Without IPv6 in the kernel, `0.0.0.0` is all addresses.
    if (host === "::" && (error as NodeJS.ErrnoException).code === "EAFNOSUPPORT")
      return await bindPort(engine, "0.0.0.0", port, owner);
    throw error;
  }
}

/** Returns nothing for whatever reason there may be: node:dgram either has none, or tells it. */
function bindNative(engine: Engine, host: string, port: number, owner: PortOwner): NativePort | undefined {
  try {
    return new NativePort(engine, host, port, owner);
  } catch {
    return undefined;
  }
}
