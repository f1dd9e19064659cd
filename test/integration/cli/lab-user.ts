import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCertificate } from "../../../src/gateway/index.ts";
import { certificateFiles } from "../harness/certificate.ts";
import { type Child, projectPath } from "../harness/child.ts";
import { temporaryFolder } from "../harness/folder.ts";
import type { Namespace } from "../harness/network/namespaces.ts";
import { User } from "../harness/user.ts";
import type { Lab } from "../nat-lab/lab.ts";
import type { Place } from "../nat-lab/addresses.ts";

const cli = projectPath("src/cli/main.ts");
const relayName = "relay.test";

/** Runs commands of one user at the places of a laboratory, in which a relay runs. */
export interface LabUser {
  /** Starts a command under the place's name, which talks to the relay and trusts the user's key. */
  start(place: Place, command: string, ...args: string[]): Child;
  /** The same, by a name of the relay that has all its addresses. */
  startByName(place: Place, command: string, ...args: string[]): Child;
}

/** Starts a relay in a laboratory, and returns a user of it. */
export async function startLabUser(lab: Lab): Promise<LabUser> {
  const user = new User();
  const [host] = lab.addresses.relay.ipv4;
  const { cert, key } = certificateFiles(
    await createCertificate({ name: "relay", hosts: [host, relayName] }),
  );
  const hosts = join(temporaryFolder(), "hosts");
  writeFileSync(
    hosts,
    Object.values(lab.addresses.relay)
      .flat()
      .map((address) => `${address} ${relayName}\n`)
      .join(""),
  );
  const pin = (await user.run("id")).stdout.trim();
  const run = (where: Namespace, ...args: string[]): Child =>
    where.start(process.execPath, [cli, ...args], user.env);
  await run(lab.relay, "relay", "--cert", cert, "--key", key).prints(/relay on UDP/);
  const by = (name: string, place: Place): string[] => {
    const relay = ["--relay", `https://${name}:4433`, "--relay-ca", cert];
    return [...relay, "--pin", pin, "--as", place];
  };
  return {
    start: (place, ...args) => run(lab[place], ...args, ...by(host, place)),
    startByName: (place, ...args) =>
      lab[place].start(
        "unshare",
        [
          "--mount",
          "sh",
          "-c",
          'mount --bind "$0" /etc/hosts && exec "$@"',
          hosts,
          process.execPath,
          cli,
          ...args,
          ...by(relayName, place),
        ],
        user.env,
      ),
  };
}
