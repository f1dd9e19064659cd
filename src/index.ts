import "./node-version.ts";
export {
  type ErrorDetails,
  QuicpipeError,
  type QuicpipeErrorCode,
  type QuicpipeErrorOptions,
  isQuicpipeError,
} from "./errors.ts";
export * from "./plugin/index.ts";
export type { Address } from "./wire/address.ts";
