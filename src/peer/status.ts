import type { QuicpipeError } from "../errors.ts";

/**
 * Whether dials by name can reach a peer. `idle`: nobody iterates over it. `connecting`: the relay has not answered yet. `listening`: it
 * answers. `failing`: it does not, or refuses; `error` says why, and the peer tries again. `ended`: it refuses the token for good.
 */
export type PeerStatus =
  | { readonly state: "idle" | "connecting" | "listening"; readonly error?: undefined }
  | { readonly state: "failing" | "ended"; readonly error: QuicpipeError };
