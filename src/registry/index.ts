export type { AddressProof } from "./address-proof.ts";
export { ExpiryBuckets, type Expiring } from "./expiry-buckets.ts";
export type { EndReason, RegistrationObserver } from "./observer.ts";
export {
  narrowQuota,
  type Quota,
  quotaTable,
  type Registration,
  type RegistrationSpec,
} from "./registration.ts";
export { Registry } from "./registry.ts";
export { createSweeper } from "./sweeper.ts";
