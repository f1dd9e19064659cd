import { describe, expect } from "vitest";
import { createCertificate } from "../../src/gateway/index.ts";
import { certificateFiles } from "./harness/certificate.ts";
import { projectPath, type Child } from "./harness/child.ts";
import type { Namespace } from "./harness/network/namespaces.ts";
import { itWith } from "./harness/requirement.ts";
import { createLab } from "./nat-lab/lab.ts";

const cli = projectPath("src/cli/main.ts");

describe("two peers behind NATs, in network namespaces", () => {
  itWith("netns")("talk through the relay, and go on when one of the NATs changes its address", async () => {
    await using lab = await createLab({ alice: "symmetric", bob: "symmetric" });
    const [host] = lab.addresses.relay.ipv4;
    const tls = await createCertificate({ name: "relay", hosts: [host, "relay.test"] });
    // One user's files, shared by all machines, so that one development key and identity serve.
    const { folder, cert, key } = certificateFiles(tls);
    const start = (where: Namespace, ...args: string[]): Child =>
      where.start(process.execPath, [cli, ...args], { XDG_STATE_HOME: folder, NODE_ENV: "" });

    const server = start(lab.relay, "relay", "--host", host, "--cert", cert, "--key", key);
    await server.prints(/relay on UDP/);
    const id = start(lab.relay, "id");
    const [pin] = await id.prints(/^sha256\/[\w+/]{43}=$/m);
    const common = ["--relay", `https://${host}:4433`, "--relay-ca", cert, "--pin", pin];
    const bob = start(lab.bob, "accept", "--as", "bob", ...common);
    await bob.prints(/waiting/);
    const alice = start(lab.alice, "dial", "bob", "--as", "alice", ...common);

    alice.process.stdin.write("hello from behind a NAT\n");
    await bob.prints(/hello from behind a NAT/);
    bob.process.stdin.write("hello back\n");
    await alice.prints(/hello back/);

    lab.renumber("alice");
    alice.process.stdin.end("and from another address\n");
    await bob.prints(/and from another address/);
    bob.process.stdin.end("still here\n");
    await alice.prints(/still here/);
    expect(await alice.exited, alice.stderr()).toBe(0);
    expect(await bob.exited, bob.stderr()).toBe(0);
  });
});
