import type { Registration, RegistrationObserver } from "../registry/index.ts";
import { formatAddress } from "../wire/address.ts";
import type { Log } from "./log.ts";
import type { HookedRegistration, RelayHooks } from "./options/options.ts";

/**
 * Returns an observer that calls the hooks of an app, and never throws.
 *
 * @param onFault called with what a hook throws or rejects its promise with: the first fault of each hook.
 */
export function hookObserver(
  hooks: RelayHooks,
  onFault: (hook: keyof RelayHooks, error: unknown) => void,
): RegistrationObserver {
  const reported = new Set<keyof RelayHooks>();
  const call = async (hook: keyof RelayHooks, run: () => void): Promise<void> => {
    try {
      await run();
    } catch (error) {
      if (!reported.has(hook)) onFault(hook, error);
      reported.add(hook);
    }
  };
  // A promise for each event is made only where there is a hook.
  return {
    opened(registration) {
      if (hooks.onRegister) void call("onRegister", () => hooks.onRegister?.(viewOf(registration)));
    },
    moved(registration) {
      if (hooks.onMove) void call("onMove", () => hooks.onMove?.(viewOf(registration)));
    },
    ended(registration, reason) {
      if (hooks.onEnd) void call("onEnd", () => hooks.onEnd?.(viewOf(registration), reason));
    },
  };
}

function viewOf({ id, subject, address, num }: Registration): HookedRegistration {
  return { id, subject, address: address && formatAddress(address), cids: num };
}

/** Returns an observer that logs the life of registrations at debug level. */
export function registrationLog(log: Log): RegistrationObserver {
  return {
    opened: ({ id, subject, num, address }) =>
      log.write("debug", "registered", "a registration began", {
        id,
        subject,
        num,
        address: address && formatAddress(address),
      }),
    moved: ({ id, address }) =>
      log.write("debug", "moved", "a registration has another address", {
        id,
        address: address && formatAddress(address),
      }),
    ended: ({ id }, reason, { packetsFrom, bytesFrom, packetsTo, bytesTo }) =>
      log.write("debug", "ended", "a registration is over", {
        id,
        reason,
        packetsFrom,
        bytesFrom,
        packetsTo,
        bytesTo,
      }),
  };
}
