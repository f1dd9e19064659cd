import {
  createOffload,
  createXdpSystem,
  type Offload,
  offStatus,
  type OffloadPlan,
  prepareOffload,
  removeStalePins,
} from "../../xdp/index.ts";
import type { ForwarderOptions, XdpOptions } from "../contract.ts";
import type { Addon, NativeHandle, NativeKernelConfig } from "./addon.ts";

/** Decides whether the kernel forwards as well, and what the addon has to make for that. */
export function planOffload(
  { host, port, xdp }: Pick<ForwarderOptions, "host" | "port" | "xdp">,
  addon: Addon,
): { readonly plan: OffloadPlan; readonly kernel: NativeKernelConfig | undefined } {
  if (!xdp) return { plan: { state: "off", reason: "not asked for" }, kernel: undefined };
  const plan = prepareOffload(xdp.option, { host, port, system: createXdpSystem(addon) });
  const kernel = plan.state === "try" ? { maxRoutes: xdp.maxRoutes, pin: plan.pin } : undefined;
  return { plan, kernel };
}

/**
 * Starts the planned offload, if the addon has made the kernel's tables, and removes the pins of earlier relays that are in its
 * way. `close()` stops watching the interfaces; the program is detached with the handle.
 */
export function startOffload(
  plan: OffloadPlan,
  handle: NativeHandle,
  addon: Addon,
  { onChange, onRemoved }: Pick<XdpOptions, "onChange" | "onRemoved">,
): Offload {
  const { address, port } = handle.address();
  const system = createXdpSystem(addon);
  const kept = plan.state === "try" ? plan.pin : undefined;
  const { removed, refusals } = removeStalePins({ address, port }, kept, system);
  if (removed.length > 0) onRemoved(removed);
  if (plan.state === "off") return idle(clauses(plan.reason, ...refusals));
  const { kernelError } = handle;
  if (kernelError !== undefined) return idle(clauses(kernelRefused(kernelError), ...refusals));
  const intent = withPinOf(plan, handle);
  const pinRefusal = clauses(intent.pinRefusal, ...refusals);
  return createOffload({ ...intent, ...(pinRefusal && { pinRefusal }) }, handle, {
    address,
    system,
    onChange,
  });
}

function clauses(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join("; ");
}

/** An offload that does nothing, and the reason. */
function idle(reason: string): Offload {
  const status = offStatus(reason);
  return { status: () => status, refresh: () => undefined, close: () => undefined };
}

function withPinOf(
  plan: Extract<OffloadPlan, { state: "try" }>,
  { pinError }: NativeHandle,
): Extract<OffloadPlan, { state: "try" }> {
  const { pin, ...unpinned } = plan;
  if (pinError === undefined || pin === undefined) return plan;
  const reason = pinError === "EAGAIN" ? "another process has it" : `the kernel refused (${pinError})`;
  return { ...unpinned, pinRefusal: `not pinned in ${pin}: ${reason}` };
}

function kernelRefused(code: string): string {
  if (code === "ENOSYS") return "this build of the addon has no XDP program: build it with libbpf-dev";
  if (code === "EPERM") return "the kernel does not let this process load programs (EPERM)";
  if (code === "ENOMEM" || code === "E2BIG")
    return `the kernel has no memory for tables of this size (${code})`;
  return `the kernel refused the program (${code})`;
}
