import { describe, expect } from "vitest";
import type { Backend } from "../../src/forwarder/index.ts";
import { createCertificate } from "../../src/gateway/index.ts";
import { formatAddress } from "../../src/wire/address.ts";
import { certificateFiles } from "./harness/certificate.ts";
import { type Child, projectPath } from "./harness/child.ts";
import type { Namespace } from "./harness/network/namespaces.ts";
import { itWith } from "./harness/requirement.ts";
import { addressesOf, createTwoAddresses } from "./harness/network/two-addresses.ts";

const cli = projectPath("src/cli/main.ts");

/** One user's files, shared by all machines of the test, and a certificate for every address of the relay. */
async function createState(): Promise<{ folder: string; cert: string; key: string }> {
  const hosts = Object.values(addressesOf).flatMap(({ relay }) => relay);
  const tls = await createCertificate({ name: "relay", hosts: [...hosts, "relay.test"] });
  return certificateFiles(tls);
}

function urlOf(address: string): string {
  return `https://${formatAddress({ address, port: 4433 })}`;
}

describe.each<Backend>(["dgram", "native"])("a relay on all addresses of its host, on %s", (backend) => {
  const needs = backend === "native" ? (["native", "netns"] as const) : (["netns"] as const);

  itWith(...needs).each([
    [addressesOf.ipv4.relay[0], addressesOf.ipv4.relay[1]],
    [addressesOf.ipv6.relay[1], addressesOf.ipv6.relay[0]],
    [addressesOf.ipv6.relay[0], addressesOf.ipv4.relay[1]],
  ])("serves peers that hear nothing from elsewhere: one at %s, one at %s", async (one, other) => {
    const { relay, clients } = createTwoAddresses();
    const { folder, cert, key } = await createState();
    const start = (where: Namespace, ...args: string[]): Child =>
      where.start(process.execPath, [cli, ...args], {
        XDG_STATE_HOME: folder,
        NODE_ENV: "",
        QUICPIPE_BACKEND: backend,
      });
    const server = start(relay, "relay", "--cert", cert, "--key", key);
    await server.prints(new RegExp(`backend ${backend}`));
    const [pin] = await start(relay, "id").prints(/^sha256\/[\w+/]{43}=$/m);
    const common = ["--relay-ca", cert, "--pin", pin];
    const bob = start(clients, "accept", "--as", "bob", "--relay", urlOf(other), ...common);
    await bob.prints(/waiting/);
    const alice = start(clients, "dial", "bob", "--as", "alice", "--relay", urlOf(one), ...common);
    alice.process.stdin.end("hello from one address\n");
    await bob.prints(/hello from one address/);
    bob.process.stdin.end("hello back\n");
    await alice.prints(/hello back/);
    expect(await alice.exited, alice.stderr()).toBe(0);
    expect(await bob.exited, bob.stderr()).toBe(0);
  });
});
