import { describe, expect } from "vitest";
import { createCertificate } from "../../src/gateway/index.ts";
import { certificateFiles } from "./harness/certificate.ts";
import { projectPath, type Child } from "./harness/child.ts";
import { createHomes, type Namespace } from "./harness/network/namespaces.ts";
import { itWith } from "./harness/requirement.ts";

const cli = projectPath("src/cli/main.ts");
const url = "https://203.0.113.1:4433";

describe("two peers behind NATs, in network namespaces", () => {
  itWith("netns")("talk through the relay, and go on when one of the NATs changes its address", async () => {
    const { relay, natA, homeA, homeB } = createHomes();
    const tls = await createCertificate({ name: "relay", hosts: ["203.0.113.1", "relay.test"] });
    // One user's files, shared by all machines, so that one development key and identity serve.
    const { folder, cert, key } = certificateFiles(tls);
    const start = (where: Namespace, ...args: string[]): Child =>
      where.start(process.execPath, [cli, ...args], { XDG_STATE_HOME: folder, NODE_ENV: "" });

    const server = start(relay, "relay", "--host", "203.0.113.1", "--cert", cert, "--key", key);
    await server.prints(/relay on UDP/);
    const id = start(relay, "id");
    const [pin] = await id.prints(/^sha256\/[\w+/]{43}=$/m);
    const common = ["--relay", url, "--relay-ca", cert, "--pin", pin];
    const bob = start(homeB, "accept", "--as", "bob", ...common);
    await bob.prints(/waiting/);
    const alice = start(homeA, "dial", "bob", "--as", "alice", ...common);

    alice.process.stdin.write("hello from behind a NAT\n");
    await bob.prints(/hello from behind a NAT/);
    bob.process.stdin.write("hello back\n");
    await alice.prints(/hello back/);

    natA.renumber("wan", "203.0.113.2/29", "203.0.113.3/29", "203.0.113.1");
    alice.process.stdin.end("and from another address\n");
    await bob.prints(/and from another address/);
    bob.process.stdin.end("still here\n");
    await alice.prints(/still here/);
    expect(await alice.exited, alice.stderr()).toBe(0);
    expect(await bob.exited, bob.stderr()).toBe(0);
  });
});
