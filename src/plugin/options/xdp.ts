import type { XdpInterfaceOptions, XdpMode, XdpOption } from "../../forwarder/index.ts";
import {
  elementInvalid,
  optionInvalid,
  type OptionTable,
  requireOneOf,
  requireOptions,
  shownInvalid,
} from "../../option-checks.ts";

const xdpTable: OptionTable<XdpInterfaceOptions> = { interfaces: true, mode: true, pin: true };

/**
 * Validates the option `xdp`. If it is absent, `QUICPIPE_XDP_IFACE` names the interfaces, separated by commas.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the option.
 */
export function resolveXdp(option: XdpOption | undefined, fromEnvironment: string | undefined): XdpOption {
  if (option === undefined && fromEnvironment)
    return { interfaces: requireInterfaces("QUICPIPE_XDP_IFACE", fromEnvironment.split(",")) };
  if (option === undefined || option === "auto" || option === "off") return option ?? "auto";
  if (typeof option !== "object" || option === null)
    throw shownInvalid("xdp", option, '"auto", "off" or an object with interfaces, mode and pin');
  const { interfaces, mode, pin } = requireOptions("xdp", option, xdpTable);
  return {
    ...(interfaces !== undefined && { interfaces: requireInterfaces("xdp.interfaces", interfaces) }),
    mode: requireOneOf<"auto" | XdpMode>("xdp.mode", mode, ["auto", "native", "generic"]),
    pin: requirePin(pin),
  };
}

/** Requires interface names valid on Linux: up to 15 bytes without slash or white space. */
function requireInterfaces(name: string, value: readonly string[]): readonly string[] {
  const allowed = "one or more names of interfaces, such as eth0";
  if (!Array.isArray(value) || value.length === 0) throw optionInvalid(name, value, allowed);
  const wrong = value.findIndex((each) => typeof each !== "string" || !/^[^\s/]{1,15}$/.test(each));
  if (wrong !== -1) throw elementInvalid(name, value[wrong], allowed);
  return value;
}

function requirePin(value: boolean | string | undefined): boolean | string {
  if (value === undefined || typeof value === "boolean") return value ?? false;
  if (typeof value === "string" && value.startsWith("/") && !value.includes("\0")) return value;
  throw shownInvalid("xdp.pin", value, "true, false or the path of a folder in a bpf file system");
}
