import { createCertificate } from "../../../src/gateway/index.ts";
import { certificateFiles } from "../harness/certificate.ts";
import { type Child, projectPath } from "../harness/child.ts";
import type { Namespace } from "../harness/network/namespaces.ts";
import { User } from "../harness/user.ts";
import type { Lab } from "../nat-lab/lab.ts";
import type { Place } from "../nat-lab/addresses.ts";

/** Runs commands of one user at the places of a laboratory, in which a relay runs. */
export interface LabUser {
  /** Starts a command under the place's name, which talks to the relay and trusts the user's key. */
  start(place: Place, command: string, ...args: string[]): Child;
}

/** Starts a relay in a laboratory, and returns a user of it. */
export async function startLabUser(lab: Lab): Promise<LabUser> {
  const user = new User();
  const [host] = lab.addresses.relay.ipv4;
  const { cert, key } = certificateFiles(await createCertificate({ name: "relay", hosts: [host] }));
  const pin = (await user.run("id")).stdout.trim();
  const run = (where: Namespace, ...args: string[]): Child =>
    where.start(process.execPath, [projectPath("src/cli/main.ts"), ...args], user.env);
  await run(lab.relay, "relay", "--cert", cert, "--key", key).prints(/relay on UDP/);
  const common = ["--relay", `https://${host}:4433`, "--relay-ca", cert, "--pin", pin];
  return { start: (place, ...args) => run(lab[place], ...args, ...common, "--as", place) };
}
