import type { Registration, RegistrationObserver } from "../registry/index.ts";
import { formatAddress } from "../wire/address.ts";
import type { HookedRegistration, RelayHooks } from "./options/options.ts";

/** Returns an observer that calls the hooks of an app. */
export function hookObserver({ onRegister, onMove, onEnd }: RelayHooks): RegistrationObserver {
  return {
    opened: (registration) => onRegister?.(viewOf(registration)),
    moved: (registration) => onMove?.(viewOf(registration)),
    ended: (registration, reason) => onEnd?.(viewOf(registration), reason),
  };
}

function viewOf({ id, subject, address, num }: Registration): HookedRegistration {
  return { id, subject, address: address && formatAddress(address), cids: num };
}
