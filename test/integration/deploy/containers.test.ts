import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { relayConfig } from "../../../src/cli/relay/config.ts";
import { withEnvironment } from "../../../src/cli/relay/environment.ts";
import { projectPath } from "../harness/child.ts";
import { commonPort, freePort } from "../harness/network/ports.ts";
import { User } from "../harness/user.ts";
import { drainOf, read, run } from "./files.ts";

describe("deploy/Dockerfile", () => {
  it("starts Node with the options of the command", () => {
    const text = read("Dockerfile");
    const [, options] = /^#!\S+ -S node (.*)$/m.exec(readFileSync(projectPath("src/cli/main.ts"), "utf8"))!;
    const entry = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(text)![1]!) as string[];
    expect(entry).toEqual([
      "node",
      ...options!.split(" "),
      "/app/node_modules/quicpipe/dist/cli/main.js",
      "relay",
    ]);
  });

  it("asks the relay's probe at its TCP port, and fails where there is none", async () => {
    const [, command] = / CMD (\[.*\])$/m.exec(read("Dockerfile"))!;
    const [, ...args] = JSON.parse(command!) as string[];
    // One that is free over UDP and TCP.
    const port = String(await commonPort());
    const child = new User().quicpipe("relay", "--host", "127.0.0.1", "--port", port);
    await child.prints(/console at/);
    const none = String(await freePort());
    expect(run(process.execPath, args, { QUICPIPE_RELAY_PORT: port }).status).toBe(0);
    expect(run(process.execPath, args, { QUICPIPE_RELAY_PORT: none }).status).toBe(1);
  });
});

interface ComposeService {
  readonly environment: NodeJS.ProcessEnv;
  readonly network_mode: string;
  readonly stop_grace_period: string;
  readonly volumes: readonly string[];
}

describe("deploy/compose.yaml", () => {
  it("has the host's network, variables that a relay takes, and time for it to drain", () => {
    const { services } = parse(read("compose.yaml")) as { services: { relay: ComposeService } };
    const { environment, network_mode: network, stop_grace_period: grace, volumes } = services.relay;
    expect(network).toBe("host");
    const { args } = withEnvironment({}, environment);
    expect(relayConfig({ ...args, config: projectPath("deploy/relay.json") }).options.xdp).toBe("off");
    expect(volumes).toContain(`.:${dirname(args.config!)}:ro`);
    expect(Number.parseInt(grace, 10)).toBeGreaterThan(drainOf(read("relay.json")));
  });
});

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string; readonly scheme: string };
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly data: Readonly<Record<string, string>>;
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly hostNetwork: boolean;
  readonly enableServiceLinks: boolean;
  readonly volumes: readonly { readonly name: string }[];
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly ports: readonly { readonly name: string }[];
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
    readonly livenessProbe: Probe;
    readonly readinessProbe: Probe;
    readonly startupProbe: Probe;
  }[];
}

describe("deploy/kubernetes.yaml", () => {
  const [config, deployment] = parseAllDocuments(read("kubernetes.yaml")).map((each) => {
    expect(each.errors).toEqual([]);
    return each.toJS() as Manifest;
  }) as [Manifest, Manifest];
  const pod = deployment.spec.template.spec;
  const container = pod.containers[0]!;

  it("is a config map that a relay takes, and a deployment that gives it time to drain", () => {
    expect([config.apiVersion, config.kind, deployment.apiVersion, deployment.kind]).toEqual([
      "v1",
      "ConfigMap",
      "apps/v1",
      "Deployment",
    ]);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(drainOf(config.data["relay.json"]!));
    expect([pod.hostNetwork, pod.enableServiceLinks]).toEqual([true, false]);
  });

  it("mounts what it names, and what its options name", () => {
    const mounts = new Map(container.volumeMounts.map(({ name, mountPath }) => [name, mountPath]));
    expect([...mounts.keys()].toSorted()).toEqual(pod.volumes.map(({ name }) => name).toSorted());
    expect(container.args).toEqual(["--config", `${mounts.get("config")}/relay.json`]);
    const { tls } = JSON.parse(config.data["relay.json"]!) as { tls: { cert: string; key: string } };
    expect([tls.cert, tls.key]).toEqual([`${mounts.get("tls")}/tls.crt`, `${mounts.get("tls")}/tls.key`]);
  });

  it("asks for the probes that there are, over HTTPS", () => {
    const { livenessProbe, readinessProbe, startupProbe, ports } = container;
    const port = "https";
    expect(ports.map(({ name }) => name)).toContain(port);
    expect([livenessProbe, startupProbe, readinessProbe].map(({ httpGet }) => httpGet)).toEqual([
      { path: "/healthz", port, scheme: "HTTPS" },
      { path: "/healthz", port, scheme: "HTTPS" },
      { path: "/readyz", port, scheme: "HTTPS" },
    ]);
  });
});

it.each(["Dockerfile", "compose.yaml", "envoy.yaml", "kubernetes.yaml", "quicpipe-relay.service"])(
  "what was not run is marked so at its head: %s",
  (name) => {
    const head = read(name).split(/^(?!#)/m, 1)[0];
    expect(head?.replaceAll("\n# ", " ")).toMatch(/Not run here|run by nobody here/);
  },
);
