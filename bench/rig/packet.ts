/** Size of the benchmark's packets, in bytes: what peers send (see `maxUdpPayloadBytes`). */
export const packetBytes = 1200;
