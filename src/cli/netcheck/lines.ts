import type { FamilyReport, MappingKind, MappingServices, NetworkReport } from "../../peer/index.ts";
import { formatMs } from "../peer/path-lines.ts";
import { printable } from "../terminal-text.ts";
import { isView } from "./verdict.ts";

/** Lines of a report: a label, and what there is to say. */
export type ReportLine = readonly [label: string, text: string];

/** Puts a report into lines for people. */
export function reportLines({ ipv4, ipv6, router }: NetworkReport): ReportLine[] {
  return [...familyLines("IPv4", ipv4), ...familyLines("IPv6", ipv6), ["router", routerText(router)]];
}

/** Formats lines, with all text below each other. */
export function formatLines(lines: readonly ReportLine[]): string {
  return lines.map(([label, text]) => `${label.padEnd(8)} ${printable(text)}\n`).join("");
}

/** What a NAT does, and its place in the table of docs/direct.md. */
const mappings: Readonly<Record<MappingKind, string | undefined>> = {
  none: undefined,
  "endpoint-independent": "one port for all destinations (easy or strict)",
  "endpoint-dependent": "another port for each destination (sequential or symmetric)",
  sequential: "the next port for each destination (sequential)",
  random: "a random port for each destination (symmetric)",
  unknown: "unknown: needs a second port or address of the relay",
};

const noAnswer = "no answer: a firewall here or at the relay drops it";

/** Why requests go over TCP. */
const overTcp: Readonly<Record<"not-found" | "unavailable", string>> = {
  "not-found": "HTTP over TCP, as its HTTP/3 server answers 404; the address is proven by STUN",
  unavailable: "HTTP over TCP, as its HTTP/3 cannot be reached; the address is proven by STUN",
};

function familyLines(family: string, report: FamilyReport): ReportLine[] {
  if (!isView(report))
    return [[family, `not ${report.kind === "not-asked" ? "asked" : "reached"}: ${report.problem}`]];
  const { local, http3, httpMs, stunMs, secondPort } = report;
  const port = report.keepsPort ? "which keeps the port" : "which changes the port";
  const open = `not behind a NAT${report.isGlobal ? " (easy, or strict with a firewall)" : ""}`;
  const nat = report.isBehindNat ? `behind a NAT, ${port}: ${local} inside` : open;
  const isSilent = secondPort?.answers === false;
  const mapping =
    isSilent && report.mapping === "unknown"
      ? "unknown, as the relay's second port does not answer"
      : mappings[report.mapping];
  return [
    [family, `${report.public}, ${nat}`],
    ...(mapping === undefined ? [] : [["", `mapping: ${mapping}`] as const]),
    ...(isSilent ? [["", `second port ${secondPort.port}: ${noAnswer}`] as const] : []),
    ["", `relay: HTTP ${formatMs(httpMs)}, STUN ${formatMs(stunMs)}`],
    ...(http3 === null || http3 === "used" ? [] : [["", `relay: ${overTcp[http3]}`] as const]),
  ];
}

function routerText({ router, pcp, natPmp, upnp, externalAddress }: MappingServices): string {
  if (router === undefined) return "none is known for IPv4";
  const services = [...(pcp ? ["PCP"] : []), ...(natPmp ? ["NAT-PMP"] : []), ...(upnp ? ["UPnP"] : [])];
  const outside = externalAddress === undefined ? "" : `, ${externalAddress} outside`;
  if (services.length > 0) return `${router} maps ports by ${services.join(" and ")}${outside}`;
  return `${router} maps no ports${upnp === undefined ? " (UPnP not asked: add --upnp)" : ""}`;
}
