import { loadIdentity, type PeerOptions, type Trust } from "../../../../src/peer/index.ts";

/** The options of a test's peer, from what the test put into the environment. */
export function peerOptions(): PeerOptions {
  const { RELAY, RELAY_CA, TOKEN, IDENTITY, MAX_PAYLOAD } = process.env;
  return {
    relay: RELAY!,
    relayCa: RELAY_CA,
    token: TOKEN,
    identity: loadIdentity(IDENTITY!),
    ...(MAX_PAYLOAD !== undefined && { maxUdpPayloadBytes: Number(MAX_PAYLOAD) }),
    onError: (error) => process.stderr.write(`${error.code} ${error.message}\n`),
  };
}

/** Whom to trust: PINS, with commas, or "insecure". */
export function trustFromEnvironment(): Trust {
  const { PINS } = process.env;
  return PINS === "insecure" ? "insecure" : PINS!.split(",");
}
