import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../folder.ts";
import type { Namespace } from "./namespaces.ts";

/** What a router is asked for mappings by: PCP with NAT-PMP, or UPnP. */
export type MappingProtocols = "pcp" | "upnp";

/**
 * Starts miniupnpd on a router that has links "wan" and "lan", for hosts of 192.168.0.0/16. Its rules go to the chains miniupnpd,
 * prerouting_miniupnpd and postrouting_miniupnpd, which the table `inet filter` has to have.
 *
 * @param address what the router tells to be its address outside; that of "wan" if absent. It must be a public one: miniupnpd takes
 *   those that are reserved, as for documentation, for a sign of another NAT beyond the router, and then maps nothing.
 */
export async function startMiniupnpd(
  router: Namespace,
  kind: MappingProtocols,
  address?: string,
): Promise<void> {
  const folder = temporaryFolder();
  const file = join(folder, "miniupnpd.conf");
  const [pcp, upnp] = kind === "pcp" ? ["yes", "no"] : ["no", "yes"];
  const lines = [
    `enable_natpmp=${pcp}`,
    `enable_upnp=${upnp}`,
    "ext_ifname=wan",
    ...(address === undefined ? [] : [`ext_ip=${address}`]),
    "listening_ip=lan",
    "ipv6_disable=yes",
    "secure_mode=yes",
    "allow 1024-65535 192.168.0.0/16 1024-65535",
    "deny 0-65535 0.0.0.0/0 0-65535",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const service = router.start("miniupnpd", ["-d", "-f", file, "-P", join(folder, "pid")]);
  await service.prints(kind === "pcp" ? /Listening for NAT-PMP\/PCP traffic/ : /HTTP listening on port/);
}
