import { resolve } from "node:path";
import type { Link, XdpInterfaceOptions, XdpMode, XdpOption } from "./contract.ts";
import { pinFolder, type PinOwner } from "./pin-folders.ts";
import { planAttach, readFacts } from "./policy.ts";
import { noInterfaceHas, relayAddresses } from "./relay-addresses.ts";
import { missingPrivilege, missingSupport } from "./support.ts";
import { isLoopback } from "../wire/address.ts";
import { codeOf } from "../system-error.ts";
import type { XdpSystem } from "./system.ts";

/** Whether to make the kernel's tables, and where to attach the program. */
export type OffloadPlan =
  | { readonly state: "off"; readonly reason: string }
  | ({ readonly state: "try" } & OffloadIntent);

export interface OffloadIntent {
  /** Interface names; if absent, the interfaces that hold the relay's addresses. */
  readonly interfaces?: readonly string[];
  readonly mode: "auto" | XdpMode;
  /** Folder for the pins. */
  readonly pin?: string;
  /** Why nothing is pinned although that was asked for. */
  readonly pinRefusal?: string;
}

/**
 * Decides, before anything is opened, whether to forward in the kernel. If so, it makes the folder for the pins. It never
 * throws: an obstacle becomes a reason.
 *
 * @param relay.host IP literal to bind.
 * @param relay.port UDP port; 0 takes a free one.
 */
export function prepareOffload(
  option: XdpOption,
  { host, port, system }: { readonly host: string; readonly port: number; readonly system: XdpSystem },
): OffloadPlan {
  if (option === "off") return { state: "off", reason: "as configured" };
  const { interfaces, mode = "auto", pin = false }: XdpInterfaceOptions = option === "auto" ? {} : option;
  const reason = missingSupport(system) ?? missingPrivilege(system) ?? missingInterface(option, host, system);
  if (reason !== undefined) return { state: "off", reason };
  return {
    state: "try",
    ...(interfaces && { interfaces }),
    mode,
    ...preparePin(pin, { address: host, port }, system),
  };
}

function missingInterface(option: XdpOption, host: string, system: XdpSystem): string | undefined {
  try {
    const links = system.links();
    const names = typeof option === "object" ? option.interfaces : undefined;
    if (names) return missingNames(names, links);
    if (isLoopback(host)) return `only this host sends to ${host}`;
    if (!links.some(({ isEthernet }) => isEthernet)) return "there is no network interface";
    // The kernel's tables are large. "auto" alone makes them only if they are of use now, and does not wait.
    return option === "auto" ? refusalEverywhere(links, host, system) : undefined;
  } catch (error) {
    return `the interfaces cannot be read (${codeOf(error)})`;
  }
}

function missingNames(names: readonly string[], links: readonly Link[]): string | undefined {
  if (links.some(({ name }) => names.includes(name))) return undefined;
  return `there is no interface ${names.join(" or ")}, only ${links.map(({ name }) => name).join(", ")}`;
}

function refusalEverywhere(links: readonly Link[], host: string, system: XdpSystem): string | undefined {
  const addresses = system.addresses();
  const refusals = links.flatMap((link) => {
    const held = addresses.get(link.name) ?? [];
    if (link.isLoopback || relayAddresses(host, held).length === 0) return [];
    const plan = planAttach(readFacts(link, host, held, system), "auto");
    return [{ name: link.name, refusal: "refusal" in plan ? plan.refusal : undefined }];
  });
  if (refusals.some(({ refusal }) => refusal === undefined)) return undefined;
  const reasons = refusals.map(({ name, refusal }) => `${name}: ${refusal}`);
  return reasons.join("; ") || noInterfaceHas(host);
}

function preparePin(
  pin: boolean | string,
  owner: PinOwner,
  system: XdpSystem,
): Pick<OffloadIntent, "pin" | "pinRefusal"> {
  const { networkNamespace } = system;
  if (pin === false) return {};
  if (pin === true && owner.port === 0)
    return { pinRefusal: "not pinned: port 0 is another one after each start" };
  if (pin === true && networkNamespace === undefined)
    return { pinRefusal: "not pinned: /proc does not show the network namespace" };
  const path = pin === true ? pinFolder(networkNamespace!, owner) : resolve(pin);
  if (!system.isInBpfFileSystem(path)) return { pinRefusal: `not pinned: ${path} is in no bpf file system` };
  const refusal = system.claimFolder(path);
  return refusal === undefined ? { pin: path } : { pinRefusal: `not pinned: ${path} ${refusal}` };
}
