export type { AddressProof } from "./address-proof.ts";
export { ExpiryBuckets, type Expiring } from "./expiry-buckets.ts";
export type { EndReason, RegistrationObserver } from "./observer.ts";
export type { RegistryOptions } from "./options.ts";
export type { RatedBy } from "./rate-buckets.ts";
export { narrowQuota, type Quota } from "./quota.ts";
export type { InitialRouteSpec, RegistrationSpec, Registration } from "./registration.ts";
export { Registry } from "./registry.ts";
export { createSweeper, type Sweeper } from "./sweeper.ts";
