import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createCertificate } from "../../../src/gateway/index.ts";
import { certificateFiles } from "../harness/certificate.ts";
import type { Child } from "../harness/child.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { startPeerRelay } from "../harness/peers.ts";
import { tokenFor } from "../harness/token.ts";
import { User } from "../harness/user.ts";

/** How often an accepter has told why nobody can reach it. */
function toldOf({ stderr }: Child): number {
  return stderr().split("trying again until the relay answers").length - 1;
}

describe("quicpipe accept", () => {
  it("tells once that its relay is gone and once that it is back, and then accepts", async () => {
    const user = new User();
    const { url, port, child: relay } = await user.startRelay();
    const accepter = user.quicpipe("accept", "--relay", url, "--as", "bob", "--insecure");
    await accepter.prints(/waiting for a peer/);
    relay.process.kill("SIGKILL");
    await relay.exited;
    await accepter.prints(/cannot be reached.*\(ERR_QUICPIPE_RELAY_UNREACHABLE\); trying again/);
    const again = user.quicpipe("relay", "--host", "127.0.0.1", "--port", `${port}`);
    await again.prints(/relay on UDP/);
    await accepter.prints(/quicpipe: the relay answers; waiting\n/);
    expect(toldOf(accepter)).toBe(1);
    const dialer = user.quicpipe("dial", "bob", "--relay", url, "--as", "alice", "--insecure");
    dialer.process.stdin.end("hello");
    accepter.process.stdin.end();
    expect([await dialer.exited, await accepter.exited]).toEqual([0, 0]);
    expect(accepter.stdout()).toBe("hello");
  });

  it("tells that the relay's certificate is not trusted", async () => {
    const { port } = await startPeerRelay();
    const other = certificateFiles(await createCertificate({ name: "other", hosts: ["127.0.0.1"] }));
    const user = new User();
    user.env["QUICPIPE_TOKEN"] = await tokenFor("bob");
    const relay = ["--relay", `https://127.0.0.1:${port}`, "--relay-ca", other.cert];
    const accepter = user.quicpipe("accept", "--insecure", ...relay);
    await accepter.prints(/its certificate is not issued by a trusted CA.*; trying again/);
  });

  it("tells that there is no relay at the URL", async () => {
    const server = createServer((_request, response) => response.writeHead(404).end("no such page"));
    server.listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const relay = ["--relay", `http://127.0.0.1:${port}`];
    const accepter = new User().quicpipe("accept", "--insecure", "--as", "bob", ...relay);
    await accepter.prints(/there is no relay at 127\.0\.0\.1:\d+.*; trying again/);
  });

  it("fails where the relay refuses its token from the start, and says what the token was made with", async () => {
    const { port, certificate } = await startPeerRelay();
    const user = new User();
    const ca = join(temporaryFolder(), "ca.pem");
    writeFileSync(ca, certificate);
    const relay = ["--relay", `https://127.0.0.1:${port}`, "--relay-ca", ca];
    const { status, stderr } = await user.run("accept", "--insecure", "--as", "bob", ...relay);
    expect(status).toBe(1);
    expect(stderr).toMatch(/TOKEN_INVALID/);
    expect(stderr).toContain("made with this machine's development key");
  });

  it("goes on with the token that has come into its file, once the old one has expired", async () => {
    const { port, certificate } = await startPeerRelay();
    const [user, folder] = [new User(), temporaryFolder()];
    const [ca, file] = [join(folder, "ca.pem"), join(folder, "token")];
    writeFileSync(ca, certificate);
    // Good for some seconds more, by the relay's tolerance of 5.
    writeFileSync(file, await tokenFor("bob", { exp: Math.floor(Date.now() / 1000) + 1 }));
    const relay = ["--relay", `https://127.0.0.1:${port}`, "--relay-ca", ca, "--insecure"];
    const accepter = user.quicpipe("accept", "--token-file", file, ...relay);
    await accepter.prints(/waiting for a peer/);
    await accepter.prints(/TOKEN_EXPIRED\); trying again/);
    writeFileSync(file, await tokenFor("bob"));
    await accepter.prints(/the relay answers; waiting/);
    user.env["QUICPIPE_TOKEN"] = await tokenFor("alice");
    const dialer = user.quicpipe("dial", "bob", ...relay);
    dialer.process.stdin.end("hello");
    accepter.process.stdin.end();
    expect(await dialer.exited, dialer.stderr()).toBe(0);
  });

  it("tells which key of which peer it has refused, and waits on", async () => {
    const [bob, eve] = [new User(), new User()];
    const { url } = await bob.startRelay();
    const [bobs, eves] = [await bob.run("id"), await eve.run("id")].map(({ stdout }) => stdout.trim());
    const accepter = bob.quicpipe("accept", "--relay", url, "--as", "bob", "--pin", bobs!);
    await accepter.prints(/waiting for a peer/);
    // The same relay, of the same machine, but another key.
    eve.env["QUICPIPE_TOKEN"] = (await bob.run("token", "--sub", "eve")).stdout.trim();
    const ca = join(bob.env["XDG_STATE_HOME"]!, "quicpipe/development-certificate.pem");
    const dialer = eve.quicpipe("dial", "bob", "--relay", url, "--relay-ca", ca, "--pin", bobs!);
    dialer.process.stdin.end();
    await accepter.prints(/eve presented a certificate that is not trusted, of the key (sha256\/\S+);/);
    expect(accepter.stderr()).toContain(eves!);
    expect(await dialer.exited).toBe(1);
    expect(dialer.stderr()).toContain(`bob does not trust our certificate: it has to pin our key, ${eves}`);
  });
});
