import { createXdpSystem, type XdpSystem } from "../../xdp/index.ts";
import { type Finding, finding } from "./finding.ts";
import { examineInterface } from "./interface-findings.ts";
import { type LoadedAddon, loadAddon } from "../native/load.ts";
import { codeOf } from "../../system-error.ts";
import { examineSystem } from "./system-findings.ts";

/** Inputs of a diagnosis. */
export interface DiagnosisParts {
  readonly loaded: LoadedAddon;
  readonly system: XdpSystem;
}

/**
 * Reports whether a relay that this user runs on this machine could forward in the kernel, where, and what would improve it.
 * Nothing is attached, because that makes some network cards drop their link; facts that only a driver knows stay open. The
 * last finding, on `xdp`, is a problem if all packets would stay in user space.
 */
export function diagnose(parts: DiagnosisParts = thisMachine()): Finding[] {
  // Only the addon lists interfaces, and its own finding says that it is missing.
  const { findings, usable } = "addon" in parts.loaded ? examineInterfaces(parts.system) : unlisted;
  const all = [...examineSystem(parts.loaded, parts.system), ...findings];
  const isBarred = all.some(({ level }) => level === "problem");
  return [...all, conclude(isBarred ? [] : usable)];
}

function thisMachine(): DiagnosisParts {
  const loaded = loadAddon();
  return { loaded, system: createXdpSystem(() => ("addon" in loaded ? loaded.addon.links() : [])) };
}

interface Interfaces {
  readonly findings: readonly Finding[];
  /** Interfaces on which the kernel would forward, each with the mode that comes first. */
  readonly usable: readonly string[];
}

const unlisted: Interfaces = { findings: [], usable: [] };

function examineInterfaces(system: XdpSystem): Interfaces {
  try {
    const addresses = system.addresses();
    const findings: Finding[] = [];
    const usable: string[] = [];
    for (const link of system.links().filter(({ isLoopback }) => !isLoopback)) {
      const examined = examineInterface(link, addresses.get(link.name) ?? [], system);
      findings.push(...examined.findings);
      if (examined.mode) usable.push(`${link.name} (${examined.mode})`);
    }
    if (findings.length === 0)
      findings.push(finding("problem", "interfaces", "there is no network interface but loopback"));
    return { findings, usable };
  } catch (error) {
    const sentence = `the interfaces cannot be read (${codeOf(error)})`;
    return { findings: [finding("problem", "interfaces", sentence)], usable: [] };
  }
}

function conclude(usable: readonly string[]): Finding {
  if (usable.length > 0)
    return finding("ok", "xdp", `a relay started now would forward in the kernel on ${usable.join(", ")}`);
  const alone = "a relay started now would forward in user space alone, for the reasons above";
  return finding("problem", "xdp", alone);
}
