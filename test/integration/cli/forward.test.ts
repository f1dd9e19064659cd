import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Child, startChild } from "../harness/child.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { commonPort } from "../harness/network/ports.ts";
import { itWith } from "../harness/requirement.ts";
import { User } from "../harness/user.ts";

/** A TCP server on loopback, closed with all its connections when the test ends. */
async function startServer(serve: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    serve(socket);
  });
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { port: (server.address() as AddressInfo).port, server };
}

const startEcho = (): Promise<{ port: number; server: Server }> =>
  startServer((socket) => socket.pipe(socket));

/** A port on loopback that leads through two peers and a relay to another. */
async function forwarded(
  target: number,
  ...args: string[]
): Promise<{ port: number; accepter: Child; dialer: Child; ticket: string }> {
  const user = new User();
  const { url } = await user.startRelay();
  const accepter = user.quicpipe("accept", "--relay", url, "--to", `127.0.0.1:${target}`, ...args);
  const [ticket] = await accepter.prints(/quicpipe1[a-z2-7]+(?=\n)/);
  const { dialer, port } = await listening(ticket);
  return { port, accepter, dialer, ticket };
}

async function listening(ticket: string): Promise<{ dialer: Child; port: number }> {
  const dialer = new User().quicpipe("dial", ticket, "--listen", "0");
  const [, port] = await dialer.prints(/TCP to 127\.0\.0\.1:(\d+) leads to accept-/);
  return { dialer, port: Number(port) };
}

function open(port: number): Socket {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** All that comes until the end; rejects if the connection breaks. */
async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** What an echo returns of some bytes. */
async function echoed(port: number, bytes: Uint8Array): Promise<Buffer> {
  const socket = open(port);
  socket.end(bytes);
  return await readAll(socket);
}

describe("quicpipe accept --to and dial --listen", () => {
  it("carry many TCP connections at once, each to its end in both directions", async () => {
    const { port } = await forwarded((await startEcho()).port);
    // More than a connection has streams: the last ones wait.
    const sent = Array.from({ length: 120 }, () => randomBytes(100_000));
    const received = await Promise.all(sent.map((bytes) => echoed(port, bytes)));
    expect(received.map((bytes, index) => bytes.equals(sent[index]!))).toEqual(sent.map(() => true));
  });

  it("carry what the server says first, before the client says anything", async () => {
    const { port: target } = await startServer((socket) => socket.write("220 ready\n"));
    const { port } = await forwarded(target);
    const [greeting] = (await once(open(port), "data")) as [Buffer];
    expect(greeting.toString()).toBe("220 ready\n");
  });

  it("keep one direction open when the other has ended", async () => {
    const { port: target } = await startServer((socket) => {
      socket.on("end", () => void socket.end("after your end")).resume();
    });
    const { port } = await forwarded(target);
    const socket = open(port);
    socket.end("mine");
    expect((await readAll(socket)).toString()).toBe("after your end");
  });

  it("break a connection on one side when it breaks on the other", async () => {
    const ended = Promise.withResolvers<string>();
    const { port: target } = await startServer((socket) => {
      socket.on("error", () => ended.resolve("broken")).on("end", () => ended.resolve("ended"));
      socket.on("data", (data: Buffer) => {
        if (data.toString() === "reset me") socket.resetAndDestroy();
        else socket.write(data);
      });
    });
    const { port } = await forwarded(target);
    const reset = open(port);
    reset.write("reset me");
    await expect(readAll(reset)).rejects.toThrow("ECONNRESET");
    const resetting = open(port);
    resetting.write("hello");
    await once(resetting, "data");
    resetting.resetAndDestroy();
    expect(await ended.promise).toBe("broken");
    expect((await echoedOnce(port, "still there")).toString()).toBe("still there");
  });

  it("break a connection at once where the target does not answer, and tell so", async () => {
    const { port: target, server } = await startEcho();
    const { port, accepter } = await forwarded(target);
    server.close();
    await once(server, "close");
    await expect(readAll(open(port))).rejects.toThrow("ECONNRESET");
    expect(accepter.stderr()).toContain(`127.0.0.1:${target} cannot be reached: connect ECONNREFUSED`);
  });

  it("end together, and take the TCP connections with them", async () => {
    const { port: target } = await startEcho();
    const { port, accepter, dialer } = await forwarded(target);
    const socket = open(port);
    socket.write("hello");
    await once(socket, "data");
    accepter.process.kill("SIGTERM");
    await expect(readAll(socket)).rejects.toThrow("ECONNRESET");
    expect([await accepter.exited, await dialer.exited]).toEqual([143, 0]);
    await expect(readAll(open(port))).rejects.toThrow("ECONNREFUSED");
  });

  it("serve several dialers at once with --uses", async () => {
    const { port, ticket, accepter, dialer } = await forwarded((await startEcho()).port, "--uses", "2");
    const second = await listening(ticket);
    for (const each of [port, second.port])
      expect((await echoed(each, Buffer.from("hello"))).toString()).toBe("hello");
    for (const each of [dialer, second.dialer]) each.process.kill("SIGTERM");
    expect(await accepter.exited).toBe(0);
  });

  it("work by name and pin as well, one dialer after the other and at once with --keep", async () => {
    const { port: target } = await startEcho();
    const { accept, dial } = await new User().pair();
    const accepter = await accept("--to", `127.0.0.1:${target}`, "--keep");
    const dialers = [dial("alice", "--listen", "0"), dial("carol", "--listen", "0")];
    for (const dialer of dialers) {
      const [, port] = await dialer.prints(/TCP to 127\.0\.0\.1:(\d+) leads to bob/);
      expect((await echoed(Number(port), Buffer.from("hello"))).toString()).toBe("hello");
    }
    for (const { process } of dialers) process.kill("SIGTERM");
    await expect.poll(() => accepter.stderr().match(/(alice|carol) has left/g)).toHaveLength(2);
    accepter.process.kill("SIGTERM");
    expect(await accepter.exited).toBe(143);
  });

  it("are no pipe: a dialer without --listen is told so", async () => {
    const user = new User();
    const { url } = await user.startRelay();
    const accepter = user.quicpipe("accept", "--relay", url, "--to", "127.0.0.1:1");
    const [ticket] = await accepter.prints(/quicpipe1[a-z2-7]+(?=\n)/);
    const { status, stderr } = await new User().run("dial", ticket);
    expect([status, stderr]).toEqual([1, expect.stringContaining("ERR_QUICPIPE_HANDSHAKE_FAILED")]);
  });

  it.each([
    ["accept", "--to", "nonsense"],
    ["accept", "--to", "127.0.0.1:0"],
    ["accept", "--to", "22"],
  ])("refuse %s %s %s", async (...args) => {
    const { status, stderr } = await new User().run(...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining("must be HOST:PORT")]);
  });

  it("refuse a port that is taken, and one that is none", async () => {
    const { port } = await startEcho();
    const user = new User();
    const { url } = await user.startRelay();
    const accepter = user.quicpipe("accept", "--relay", url, "--to", `127.0.0.1:${port}`);
    const [ticket] = await accepter.prints(/quicpipe1[a-z2-7]+(?=\n)/);
    const taken = await new User().run("dial", ticket, "--listen", `127.0.0.1:${port}`);
    expect([taken.status, taken.stderr]).toEqual([1, expect.stringContaining("EADDRINUSE")]);
    const none = await new User().run("dial", ticket, "--listen", "x");
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining("must be PORT or ADDRESS:PORT")]);
  });

  itWith("sshd")("carry ssh", async () => {
    const folder = temporaryFolder();
    const keys = ["host", "user"].map((name) => join(folder, name)) as [string, string];
    for (const key of keys)
      expect(await startChild("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]).exited).toBe(0);
    const [host, own] = keys;
    const target = await commonPort();
    // In a mount namespace, as sshd wants a folder in /run that only its service makes.
    const options = [
      `ListenAddress=127.0.0.1:${target}`,
      `HostKey=${host}`,
      `AuthorizedKeysFile=${own}.pub`,
      "PidFile=none",
      "StrictModes=no",
      "UsePAM=no",
      "PermitRootLogin=prohibit-password",
    ].flatMap((option) => ["-o", option]);
    const script = `mount -t tmpfs none /run && mkdir /run/sshd && exec /usr/sbin/sshd -D -e -f /dev/null "$@"`;
    const server = startChild("unshare", ["--mount", "sh", "-c", script, "sh", ...options]);
    await server.prints(/Server listening/);
    const { port } = await forwarded(target);
    const known = join(folder, "known_hosts");
    writeFileSync(known, "");
    chmodSync(own, 0o600);
    const settings = [
      "IdentitiesOnly=yes",
      "StrictHostKeyChecking=accept-new",
      `UserKnownHostsFile=${known}`,
    ];
    const client = startChild(
      "ssh",
      ["-F", "/dev/null", "-i", own, "-p", String(port)].concat(
        settings.flatMap((each) => ["-o", each]),
        ["127.0.0.1", "cat; echo done"],
      ),
    );
    const sent = randomBytes(200_000).toString("base64");
    client.process.stdin.end(sent);
    expect([await client.exited, client.stdout() === `${sent}done\n`], client.stderr()).toEqual([0, true]);
  });
});

/** The first bytes that come back of a text. */
async function echoedOnce(port: number, text: string): Promise<Buffer> {
  const socket = open(port);
  socket.write(text);
  const [data] = (await once(socket, "data")) as [Buffer];
  return data;
}
