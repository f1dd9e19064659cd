// A forwarder on port 4433 with a gateway that keeps silent. A line on stdin is a call of one of its methods, as a JSON
// array; the next line on stdout is what the call returned. OPTIONS has the options that are not as usual, XDP how the
// kernel is to forward. Ends when stdin does.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createInterface } from "node:readline";
import * as defaults from "../../../../src/defaults/index.ts";
import {
  createForwarder,
  describeRemoval,
  type ForwarderOptions,
  type XdpOptions,
} from "../../../../src/forwarder/index.ts";
import { forwarderOptions } from "../../harness/forwarder-options.ts";

const { OPTIONS, XDP } = process.env;
const xdp = JSON.parse(XDP!) as Omit<XdpOptions, "onChange" | "onRemoved">;
const upstream = createSocket("udp4").bind(0, "127.0.0.1");
await once(upstream, "listening");
const forwarder = await createForwarder(
  forwarderOptions({
    host: "::",
    port: 4433,
    upstream: { address: "127.0.0.1", port: upstream.address().port },
    backend: "native",
    authority: {
      stunRegistration: (id) => (id === "reg_1" ? { secret: "s3cret", proven: () => "accepted" } : undefined),
    },
    maxSessions: defaults.maxRegistrations,
    maxGatewayClients: defaults.maxGatewayClients,
    socketBufferBytes: defaults.socketBufferBytes,
    onError: (error) => process.stderr.write(`${String(error)}\n`),
    now: Date.now,
    xdp: {
      ...xdp,
      onChange: (status) => process.stderr.write(`${JSON.stringify(status)}\n`),
      onRemoved: (folders) => process.stderr.write(`${describeRemoval(folders)}\n`),
    },
    ...(JSON.parse(OPTIONS!) as Partial<ForwarderOptions>),
  }),
);
say({ listening: forwarder.address() });
for await (const line of createInterface(process.stdin)) {
  const [name, ...args] = JSON.parse(line, bytesAgain) as [keyof typeof forwarder, ...unknown[]];
  const method = forwarder[name] as (...values: unknown[]) => unknown;
  say({ value: method.apply(forwarder, args) ?? null });
}
await forwarder.close();
upstream.close();

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

/** A Buffer that went through JSON. */
function bytesAgain(_key: string, value: unknown): unknown {
  const { type, data } = (value ?? {}) as { readonly type?: unknown; readonly data?: number[] };
  return type === "Buffer" && data ? Buffer.from(data) : value;
}
