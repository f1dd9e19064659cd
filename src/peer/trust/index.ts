export { createTrustPolicy } from "./trust.ts";
