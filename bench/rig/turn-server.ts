import { addresses } from "./machine/network.ts";

/** UDP port of the TURN server. */
export const turnPort = 3478;

const options: readonly string[] = [
  "-n --no-auth --no-tls --no-dtls --no-tcp --no-cli --no-software-attribute --relay-threads 1",
  `--listening-ip ${addresses.relay} --listening-port ${turnPort} --relay-ip ${addresses.relay}`,
  "--log-file /dev/null --pidfile /dev/null --userdb /dev/null",
];

/** coturn at its fastest: UDP only, no authentication, and one relay thread with a core to itself. */
export const turnServer: readonly string[] = ["turnserver", ...options.join(" ").split(" ")];
