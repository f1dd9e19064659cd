import type { Link, XdpMode } from "./contract.ts";
import { driverOf } from "./refusal.ts";
import { type Family, familyOf, relayAddresses } from "./relay-addresses.ts";
import type { XdpSystem } from "./system.ts";

/** Facts about an interface. */
export interface InterfaceFacts {
  readonly link: Link;
  /** Whether the kernel forwards packets that arrive there, for each IP version that the relay is reached by. */
  readonly forwarding: Readonly<Partial<Record<Family, boolean>>>;
}

/** Reads the facts that policy needs, for a relay that is bound to an IP literal. */
export function readFacts(
  link: Link,
  bound: string,
  addresses: readonly string[],
  system: Pick<XdpSystem, "setting">,
): InterfaceFacts {
  const held = relayAddresses(bound, addresses).map(familyOf);
  const families = held.length > 0 ? new Set(held) : familiesOf(bound);
  const forwarding = Array.from(
    families,
    (family) => [family, isForwarding(link.name, family, system)] as const,
  );
  return { link, forwarding: Object.fromEntries(forwarding) };
}

/** Reports whether the kernel forwards packets that arrive on an interface. */
export function isForwarding(name: string, family: Family, system: Pick<XdpSystem, "setting">): boolean {
  return !["0", undefined].includes(system.setting(`net/${family}/conf/${name}/forwarding`));
}

function familiesOf(bound: string): ReadonlySet<Family> {
  return new Set(bound === "::" ? ["ipv4", "ipv6"] : [familyOf(bound)]);
}

/** A mode, and the reason not to try it. */
export interface AttachStep {
  readonly mode: XdpMode;
  readonly refusal?: string;
}

/** Modes to try on an interface, in this order; or a clause on why the program should not be there. */
export type AttachPlan = { readonly steps: readonly AttachStep[] } | { readonly refusal: string };

/**
 * Plans where an interface forwards: in the driver, else when packets enter the stack, else in user space.
 *
 * @param programId the kernel's id of the relay's own program.
 */
export function planAttach(facts: InterfaceFacts, wanted: "auto" | XdpMode, programId?: number): AttachPlan {
  const refusal = refuse(facts, programId);
  if (refusal !== undefined) return { refusal };
  const modes: readonly XdpMode[] = wanted === "auto" ? ["native", "generic"] : [wanted];
  return { steps: modes.map((mode) => (mode === "native" ? nativeStep(facts.link) : { mode })) };
}

function refuse({ link, forwarding }: InterfaceFacts, programId: number | undefined): string | undefined {
  if (link.isLoopback) return "only this host sends there";
  if (!link.isEthernet) return "its packets are without Ethernet headers";
  if (link.program && link.program.id !== programId)
    return `another XDP program is attached (id ${link.program.id}), and left alone`;
  // An interface that is down and has the program comes back without losing packets.
  if (!link.isUp && !link.program) return "is down";
  const families = Object.keys(forwarding) as Family[];
  if (families.some((family) => forwarding[family])) return undefined;
  // With forwarding off, bpf_fib_lookup returns BPF_FIB_LKUP_RET_FWD_DISABLED for every packet.
  const settings = families.map((family) => forwardingSetting(link.name, family));
  return `${settings.join(" and ")} ${settings.length === 1 ? "is" : "are"} 0`;
}

function nativeStep(link: Link): AttachStep {
  const { features, kind } = link;
  if (features && !features.runs) return refused(`${driverOf(link)} has no native XDP`);
  if (kind !== "veth" || features?.transmits) return { mode: "native" };
  // Packets that veth sends by XDP_TX reach the other end through its NAPI, which GRO or a program there turns on.
  return features
    ? refused("the other end of the pair takes no XDP frames: ethtool -K <its name there> gro on")
    : refused("a kernel before 6.3 does not tell whether the other end of the pair takes XDP frames");
}

function refused(refusal: string): AttachStep {
  return { mode: "native", refusal };
}

/** Names the setting, as sysctl(8) takes it, that enables route lookups for packets that arrive on an interface. */
function forwardingSetting(name: string, family: Family): string {
  return settingName(`net/${family}/conf/${name}/forwarding`);
}

/** Writes a path below /proc/sys as sysctl(8) takes it: with dots, unless a name has a dot (`eth0.7`). */
export function settingName(path: string): string {
  return path.includes(".") ? path : path.replaceAll("/", ".");
}

/**
 * Returns the interfaces that send packets of another one, or their own that would otherwise be lost. In generic mode the
 * receiving one hands over socket buffers, which every interface sends; in native mode frames, for which the driver needs
 * ndo_xdp_xmit. The driver alone sends packets back the way they came (XDP_TX), which is cheaper. On veth these wait until
 * something else wakes the other end, unless that has a program too.
 */
export function chooseRedirectTargets(attached: readonly Link[]): number[] {
  const areGeneric = attached.every(({ program }) => program?.mode === "generic");
  const areSeveral = attached.length > 1;
  const isExit = ({ features, kind }: Link): boolean =>
    areGeneric ? areSeveral : features?.transmits === true && (areSeveral || kind === "veth");
  return attached.filter(isExit).map(({ index }) => index);
}
