import type { Registration, RegistrationObserver } from "../registry/index.ts";
import { formatAddress } from "../wire/address.ts";
import type { HookedRegistration, RelayHooks } from "./options/options.ts";

/**
 * Returns an observer that calls the hooks of an app.
 *
 * @param onFault called with what the promise of an async hook is rejected with. What a hook throws, the observer throws.
 */
export function hookObserver(
  { onRegister, onMove, onEnd }: RelayHooks,
  onFault: (hook: keyof RelayHooks, error: unknown) => void,
): RegistrationObserver {
  const settle = (hook: keyof RelayHooks, result: unknown): void =>
    void Promise.resolve(result).catch((error: unknown) => onFault(hook, error));
  return {
    opened: (registration) => settle("onRegister", onRegister?.(viewOf(registration))),
    moved: (registration) => settle("onMove", onMove?.(viewOf(registration))),
    ended: (registration, reason) => settle("onEnd", onEnd?.(viewOf(registration), reason)),
  };
}

function viewOf({ id, subject, address, num }: Registration): HookedRegistration {
  return { id, subject, address: address && formatAddress(address), cids: num };
}
