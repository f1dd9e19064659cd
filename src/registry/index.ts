export type { AddressProof } from "./address-proof.ts";
export { ExpiryBuckets, type Expiring } from "./orders.ts";
export { narrowQuota, type Quota, quotaTable } from "./admission.ts";
export type { EndReason, Registration, RegistrationObserver, RegistrationSpec } from "./registration.ts";
export { Registry } from "./registry.ts";
export { createSweeper } from "./sweeper.ts";
