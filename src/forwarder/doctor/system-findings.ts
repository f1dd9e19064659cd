import { missingPrivilege, missingSupport, type XdpSystem } from "../../xdp/index.ts";
import { type Finding, finding } from "./finding.ts";
import type { LoadedAddon } from "../native/load.ts";

/** Examines everything but the interfaces: what loads the program, and what runs it. */
export function examineSystem(loaded: LoadedAddon, system: XdpSystem): Finding[] {
  return [
    addonFinding(loaded),
    kernelFinding(system),
    privilegeFinding(system),
    ...jitFindings(system),
    pinFinding(system),
  ];
}

function addonFinding(loaded: LoadedAddon): Finding {
  const build = "cd node_modules/quicpipe && npx node-gyp rebuild";
  if ("reason" in loaded) {
    const remedy = `${build}, with a C compiler, make, Python 3 and libbpf-dev installed`;
    return finding("problem", "addon", loaded.reason, remedy);
  }
  if (loaded.addon.hasProgram)
    return finding("ok", "addon", "the native addon loads, and has the XDP program");
  const sentence = "the native addon loads, but was built without the XDP program";
  return finding("problem", "addon", sentence, `${build}, with libbpf-dev installed`);
}

function kernelFinding(system: XdpSystem): Finding {
  const sentence = missingSupport(system);
  if (sentence === undefined) return finding("ok", "kernel", `Linux ${system.kernelRelease}`);
  return finding("problem", "kernel", sentence);
}

function privilegeFinding(system: XdpSystem): Finding {
  const sentence = missingPrivilege(system);
  const subject = "privileges";
  if (sentence === undefined) return finding("ok", subject, "this process may load and attach programs");
  const remedies = system.isInUserNamespace
    ? ["run it outside of one: in no rootless container, and no one with user ids of its own"]
    : [
        `sudo setcap cap_bpf,cap_net_admin,cap_perfmon+ep ${process.execPath}, for all that this Node runs`,
        "systemd: AmbientCapabilities=CAP_BPF CAP_NET_ADMIN CAP_PERFMON",
        "docker run --cap-add BPF --cap-add NET_ADMIN --cap-add PERFMON",
      ];
  return finding("problem", subject, sentence, ...remedies);
}

/** Returns the finding on the BPF compiler; none if the system does not report the setting. */
function jitFindings(system: XdpSystem): Finding[] {
  const setting = system.setting("net/core/bpf_jit_enable");
  if (setting === undefined) return [];
  if (setting !== "0") return [finding("ok", "jit", "the kernel compiles programs")];
  const sentence = "the kernel interprets programs, which is slow";
  return [finding("hint", "jit", sentence, "sysctl -w net.core.bpf_jit_enable=1")];
}

function pinFinding(system: XdpSystem): Finding {
  if (system.isInBpfFileSystem("/sys/fs/bpf"))
    return finding(
      "ok",
      "pin",
      "/sys/fs/bpf is a bpf file system: packets can flow on while a relay restarts",
    );
  return finding(
    "hint",
    "pin",
    "/sys/fs/bpf is not a bpf file system, so packets cannot flow on while a relay restarts",
    "mount -t bpf bpf /sys/fs/bpf",
  );
}
