import type { Link, XdpMode } from "./contract.ts";
import { driverOf } from "./refusal.ts";
import type { Family } from "./relay-addresses.ts";

/** What is known of an interface. */
export interface InterfaceFacts {
  readonly link: Link;
  /** Whether the kernel forwards what arrives there, for each IP version that the relay is reached by. */
  readonly forwarding: Readonly<Partial<Record<Family, boolean>>>;
}

/** A mode, and why not even to try it. */
export interface AttachStep {
  readonly mode: XdpMode;
  readonly refusal?: string;
}

/** What to try on an interface, in this order, or a clause on why the program is not to be there. */
export type AttachPlan = { readonly steps: readonly AttachStep[] } | { readonly refusal: string };

/**
 * Plans where an interface forwards: in the driver, else when packets enter the stack, else in user space (design
 * section 8).
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
  // What is down and has the program already comes back without losing packets.
  if (!link.isUp && !link.program) return "is down";
  const families = Object.keys(forwarding) as Family[];
  if (families.some((family) => forwarding[family])) return undefined;
  // bpf_fib_lookup answers BPF_FIB_LKUP_RET_FWD_DISABLED for every packet.
  const settings = families.map((family) => forwardingSetting(link.name, family));
  return `${settings.join(" and ")} ${settings.length === 1 ? "is" : "are"} 0`;
}

function nativeStep(link: Link): AttachStep {
  const { features, kind } = link;
  if (features && !features.runs) return refused(`${driverOf(link)} has no native XDP`);
  if (kind !== "veth" || features?.transmits) return { mode: "native" };
  // What veth sends by XDP_TX reaches the other end through its NAPI, which GRO or a program there turns on.
  return features
    ? refused("the other end of the pair takes no XDP frames: ethtool -K <its name there> gro on")
    : refused("a kernel before 6.3 does not tell whether the other end of the pair takes XDP frames");
}

function refused(refusal: string): AttachStep {
  return { mode: "native", refusal };
}

/** The setting that lets the kernel look up routes for what arrives on an interface, as sysctl(8) takes it. */
function forwardingSetting(name: string, family: Family): string {
  return settingName(`net/${family}/conf/${name}/forwarding`);
}

/** Writes a path below /proc/sys as sysctl(8) takes it: with dots, unless there is a dot in a name (`eth0.7`). */
export function settingName(path: string): string {
  return path.includes(".") ? path : path.replaceAll("/", ".");
}

/**
 * Which interfaces send what another one received, or what they received themselves and would otherwise lose. One that
 * receives in generic mode hands over socket buffers, which every interface sends; one in native mode frames, for which
 * the driver needs ndo_xdp_xmit. Going back the way they came is for the driver alone (XDP_TX), and cheaper; but what
 * veth sends so waits until something else wakes the other end, unless that has a program too.
 */
export function chooseExits(attached: readonly Link[]): number[] {
  const areGeneric = attached.every(({ program }) => program?.mode === "generic");
  const areSeveral = attached.length > 1;
  const isExit = ({ features, kind }: Link): boolean =>
    areGeneric ? areSeveral : features?.transmits === true && (areSeveral || kind === "veth");
  return attached.filter(isExit).map(({ index }) => index);
}
