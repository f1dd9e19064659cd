import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { createCertificate } from "../../../src/gateway/index.ts";
import { certificateFiles } from "../harness/certificate.ts";
import { type Child, projectPath } from "../harness/child.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { Namespace } from "../harness/network/namespaces.ts";
import { itWith } from "../harness/requirement.ts";
import { nginxModules, read } from "./files.ts";

const cli = projectPath("src/cli/main.ts");
const clientsAt = "203.0.113.2";
const proxyAt = "203.0.113.1";

interface Machines {
  readonly clients: Namespace;
  readonly proxy: Namespace;
  readonly relay: Namespace;
}

/** Clients, a proxy, and a relay behind it, whose answers go through the proxy. */
function createMachines(): Machines {
  const [clients, proxy, relay] = [new Namespace("clients"), new Namespace("proxy"), new Namespace("relay")];
  clients.connect("eth", `${clientsAt}/24`, proxy, "out", `${proxyAt}/24`);
  proxy.connect("in", "192.0.2.1/24", relay, "eth", "192.0.2.10/24");
  relay.ip("route", "add", "default", "via", "192.0.2.1");
  return { clients, proxy, relay };
}

/** Starts nginx with the file, and routes as it says at its head. */
async function startProxy(proxy: Namespace): Promise<void> {
  const text = read("nginx-stream.conf");
  const commands = [...text.matchAll(/^# {3}ip (.+)$/gm)].map(([, command]) => command!);
  expect(commands.length).toBeGreaterThan(1);
  proxy.ipBatch(commands);
  const folder = temporaryFolder();
  const path = join(folder, "nginx.conf");
  writeFileSync(
    path,
    `load_module ${nginxModules()}/ngx_stream_module.so;
daemon off; master_process off; pid nginx.pid;
events {}
${text}`,
  );
  // One process, as a master that is killed leaves its workers behind.
  const nginx = proxy.start("nginx", [
    "-p",
    folder,
    "-c",
    path,
    "-e",
    "stderr",
    "-g",
    "error_log stderr notice;",
  ]);
  await nginx.prints(/getrlimit/);
}

itWith("nginx", "netns")(
  "peers behind deploy/nginx-stream.conf register with their own addresses, and talk through the relay",
  async () => {
    const { clients, proxy, relay } = createMachines();
    await startProxy(proxy);
    const { folder, cert, key } = certificateFiles(
      await createCertificate({ name: "relay", hosts: [proxyAt] }),
    );
    const start = (where: Namespace, ...args: string[]): Child =>
      where.start(process.execPath, [cli, ...args], { XDG_STATE_HOME: folder, NODE_ENV: "" });
    const server = start(relay, "relay", "--cert", cert, "--key", key, "--stun-port", "3478", "--xdp", "off");
    await server.prints(/relay on UDP/);
    const [pin] = await start(relay, "id").prints(/^sha256\/[\w+/]{43}=$/m);
    const common = ["--relay", `https://${proxyAt}:4433`, "--relay-ca", cert];
    const check = start(clients, "netcheck", "--as", "carol", ...common);
    expect(await check.exited, check.stderr()).toBe(0);
    expect(check.stdout()).toMatch(
      new RegExp(`^IPv4 +${clientsAt.replaceAll(".", "\\.")}:\\d+, not behind a NAT`, "m"),
    );
    const pipe = [...common, "--pin", pin, "--direct", "never"];
    const bob = start(clients, "accept", "--as", "bob", ...pipe);
    await bob.prints(/waiting/);
    const alice = start(clients, "dial", "bob", "--as", "alice", ...pipe);
    alice.process.stdin.end("hello through a proxy\n");
    await bob.prints(/hello through a proxy/);
    bob.process.stdin.end("hello back\n");
    await alice.prints(/hello back/);
    expect([await alice.exited, await bob.exited]).toEqual([0, 0]);
  },
);
