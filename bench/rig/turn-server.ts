import { addresses } from "./network.ts";

/** Where the TURN server listens. */
export const turnPort = 3478;

const options: readonly string[] = [
  "-n --no-auth --no-tls --no-dtls --no-tcp --no-cli --no-software-attribute --relay-threads 1",
  `--listening-ip ${addresses.relay} --listening-port ${turnPort} --relay-ip ${addresses.relay}`,
  "--log-file /dev/null --pidfile /dev/null --userdb /dev/null",
];

/** coturn at its best: nothing but UDP, nothing to authenticate, and one thread that has a core to itself. */
export const turnServer: readonly string[] = ["turnserver", ...options.join(" ").split(" ")];
