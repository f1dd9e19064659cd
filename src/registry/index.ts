export { ExpiryBuckets, type Expiring } from "./expiry-buckets.ts";
export type { EndReason, RegistrationObserver } from "./observer.ts";
export { narrowQuota, type Quota } from "./quota.ts";
export type { InitialPin, RegisterRequest, Registration } from "./registration.ts";
export { Registry, type RegistryOptions } from "./registry.ts";
export { createSweeper, type Sweeper } from "./sweeper.ts";
