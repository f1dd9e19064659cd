import {
  type Family,
  familyOf,
  isForwarding,
  type Link,
  longestNativeMtu,
  planAttach,
  relayAddresses,
  settingName,
  type XdpMode,
  type XdpSystem,
} from "../../xdp/index.ts";
import { type Finding, finding } from "./finding.ts";

/** Findings about an interface, and the mode in which the kernel would forward there first, if in any. */
export interface InterfaceFindings {
  readonly findings: readonly Finding[];
  readonly mode?: XdpMode;
}

/** Examines an interface as a relay that is bound to all addresses would. */
export function examineInterface(
  link: Link,
  addresses: readonly string[],
  system: Pick<XdpSystem, "setting">,
): InterfaceFindings {
  // Forwarding is examined separately, to show what would apply once it is on.
  const plan = planAttach({ link, forwarding: { ipv4: true } }, "auto");
  if ("refusal" in plan) return { findings: [refusedFinding(link, plan.refusal)] };
  const families = [...new Set(relayAddresses("::", addresses).map(familyOf))].sort();
  if (families.length === 0) return { findings: [addressFinding(link)] };
  const reason = plan.steps.find(({ mode }) => mode === "native")?.refusal;
  const findings = [
    reason === undefined ? nativeFinding(link) : genericFinding(link, reason),
    ...families.map((family) => forwardingFinding(link, family, system)),
  ];
  if (!families.some((family) => isForwarding(link.name, family, system))) return { findings };
  return { findings, mode: reason === undefined ? "native" : "generic" };
}

function refusedFinding({ name, program }: Link, refusal: string): Finding {
  const sentence = `off: ${refusal}`;
  if (!program) return finding("ok", name, sentence);
  return finding("hint", name, sentence, `bpftool prog show id ${program.id}, which tells whose it is`);
}

function addressFinding({ name }: Link): Finding {
  const sentence = "off: has no address that others reach; a relay takes it only if its option names it";
  return finding("ok", name, sentence);
}

function nativeFinding(link: Link): Finding {
  const { name, mtu, features } = link;
  const sentence = `native (${labelOf(link)}), then generic`;
  if (mtu > longestNativeMtu)
    return finding(
      "hint",
      name,
      `${sentence}: most drivers refuse XDP with an MTU over ${longestNativeMtu}`,
      `ip link set dev ${name} mtu ${longestNativeMtu}`,
    );
  const doubt = features
    ? "only attaching shows whether the driver takes it as it is set up"
    : "only attaching shows whether the driver can; Linux 6.3 tells beforehand";
  return finding("ok", name, `${sentence}: ${doubt}`);
}

function genericFinding(link: Link, reason: string): Finding {
  return finding("hint", link.name, `generic (${labelOf(link)}), which is slower: ${reason}`);
}

function labelOf({ driver, kind, mtu }: Link): string {
  return `${driver || kind || "unknown driver"}, MTU ${mtu}`;
}

function forwardingFinding(link: Link, family: Family, system: Pick<XdpSystem, "setting">): Finding {
  return family === "ipv4" ? ipv4Forwarding(link, system) : ipv6Forwarding(link, system);
}

/** Returns the finding on IPv4. The setting of the interface where a packet arrives decides alone (fib_frontend.c). */
function ipv4Forwarding({ name }: Link, system: Pick<XdpSystem, "setting">): Finding {
  if (isForwarding(name, "ipv4", system))
    return finding("ok", name, "forwards IPv4 for others too: the firewall's forward chain says for whom");
  const setting = settingName(`net/ipv4/conf/${name}/forwarding`);
  return finding(
    "hint",
    name,
    `IPv4 stays in user space while ${setting} is 0; 1 makes this host a router for what arrives there, so have the firewall's forward chain drop what is not to pass`,
    `sysctl -w ${setting}=1`,
  );
}

/**
 * Returns the finding on IPv6. A packet is routed only if `all` forwards too (ip6_output.c). The interface alone decides
 * whether the kernel looks up routes for XDP, and whether it accepts router advertisements, which a router does with
 * accept_ra 2 (ip-sysctl).
 */
function ipv6Forwarding({ name }: Link, system: Pick<XdpSystem, "setting">): Finding {
  const folder = `net/ipv6/conf/${name}`;
  const [forwarding, acceptRa] = [settingName(`${folder}/forwarding`), settingName(`${folder}/accept_ra`)];
  const isDeaf = system.setting(`${folder}/accept_ra`) === "1";
  if (!isForwarding(name, "ipv6", system))
    return finding(
      "hint",
      name,
      `IPv6 stays in user space while ${forwarding} is 0; at 1 router advertisements are heard only with accept_ra 2, and if net.ipv6.conf.all.forwarding is 1 too this host is a router`,
      `sysctl -w ${isDeaf ? `${acceptRa}=2 ` : ""}${forwarding}=1`,
    );
  if (isDeaf)
    return finding(
      "hint",
      name,
      `forwards IPv6, but addresses and routes from router advertisements run out while ${acceptRa} is 1`,
      `sysctl -w ${acceptRa}=2`,
    );
  const isRouter = isForwarding("all", "ipv6", system);
  const sentence = isRouter
    ? "forwards IPv6 for others too: the firewall's forward chain says for whom"
    : "forwards IPv6 for the relay alone";
  return finding("ok", name, sentence);
}
