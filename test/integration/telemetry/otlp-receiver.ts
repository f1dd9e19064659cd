import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import type { AddressInfo } from "node:net";
import protobuf from "protobufjs";
import { onTestFinished } from "vitest";

export type Values = Readonly<Record<string, string | number | boolean>>;

/** A span as it came over the wire. */
export interface ReceivedSpan {
  readonly service: string;
  readonly scope: string;
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Values;
  readonly events: readonly { readonly name: string; readonly atMs: number; readonly attributes: Values }[];
  /** Ids of the spans that it is linked to. */
  readonly links: readonly string[];
  readonly statusCode: number;
}

/** One data point of a metric as it came over the wire. */
export interface ReceivedPoint {
  readonly service: string;
  readonly name: string;
  readonly unit: string;
  readonly isMonotonic: boolean;
  readonly attributes: Values;
  /** The sum; of a histogram, how often something was recorded. */
  readonly value: number;
}

/** An OTLP receiver over HTTP; closed when the test ends. */
export interface OtlpReceiver {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  readonly points: readonly ReceivedPoint[];
}

const { root } = protobuf.parse(readFileSync(new URL("otlp.proto", import.meta.url), "utf8"));
const traceRequest = root.lookupType("TraceRequest");
const metricsRequest = root.lookupType("MetricsRequest");

/** Starts a receiver that takes in what comes as protobuf, compressed or not. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const points: ReceivedPoint[] = [];
  const receive = async (request: IncomingMessage): Promise<void> => {
    const body = await bodyOf(request);
    if (request.url === "/v1/traces") spans.push(...readSpans(body));
    else points.push(...readPoints(body));
  };
  const server = createServer((request, response) => {
    void receive(request).then(() => response.setHeader("content-type", "application/x-protobuf").end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, points };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const body = await buffer(request);
  return request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
}

/** Decoded messages, in the words of the schema. */
interface KeyValue {
  key: string;
  value: Readonly<Record<string, string | number | boolean>>;
}
interface Decoded {
  resource: { attributes: KeyValue[] };
  scope: { name: string };
  attributes: KeyValue[];
  [field: string]: unknown;
}

function decode(type: protobuf.Type, body: Buffer, list: string): Decoded[] {
  const message = type.toObject(type.decode(body), { longs: String, bytes: String, defaults: true });
  return message[list] as Decoded[];
}

function readSpans(body: Buffer): ReceivedSpan[] {
  return decode(traceRequest, body, "resourceSpans").flatMap(({ resource, scopeSpans }) =>
    (scopeSpans as Decoded[]).flatMap(({ scope, spans }) =>
      (spans as Decoded[]).map((span) => ({
        service: String(valuesOf(resource.attributes)["service.name"]),
        scope: scope.name,
        name: String(span["name"]),
        kind: Number(span["kind"]),
        traceId: hex(span["traceId"]),
        spanId: hex(span["spanId"]),
        parentId: hex(span["parentSpanId"]),
        startMs: ms(span["startTimeUnixNano"]),
        endMs: ms(span["endTimeUnixNano"]),
        attributes: valuesOf(span.attributes),
        events: (span["events"] as Decoded[]).map(({ name, timeUnixNano, attributes }) => ({
          name: String(name),
          atMs: ms(timeUnixNano),
          attributes: valuesOf(attributes),
        })),
        links: (span["links"] as Decoded[]).map(({ spanId }) => hex(spanId)),
        statusCode: Number((span["status"] as Decoded | null)?.["code"] ?? 0),
      })),
    ),
  );
}

function readPoints(body: Buffer): ReceivedPoint[] {
  return decode(metricsRequest, body, "resourceMetrics").flatMap(({ resource, scopeMetrics }) =>
    (scopeMetrics as Decoded[]).flatMap(({ metrics }) =>
      (metrics as Decoded[]).flatMap(({ name, unit, sum, histogram }) => {
        const data = (sum ?? histogram) as (Decoded & { dataPoints: Decoded[] }) | undefined;
        return (data?.dataPoints ?? []).map(({ attributes, asInt, asDouble, count }) => ({
          service: String(valuesOf(resource.attributes)["service.name"]),
          name: String(name),
          unit: String(unit),
          isMonotonic: data?.["isMonotonic"] === true,
          attributes: valuesOf(attributes),
          value: Number(asInt ?? asDouble ?? count),
        }));
      }),
    ),
  );
}

function valuesOf(attributes: readonly KeyValue[]): Values {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const [kind, plain] = Object.entries(value)[0]!;
      return [key, kind === "intValue" ? Number(plain) : plain];
    }),
  );
}

function hex(base64: unknown): string {
  return Buffer.from(String(base64), "base64").toString("hex");
}

function ms(nanoseconds: unknown): number {
  return Number(BigInt(String(nanoseconds)) / 1000n) / 1000;
}
