import { mkdirSync, writeFileSync } from "node:fs";
import * as fc from "fast-check";
import { verdict } from "../../src/forwarder/dgram/demux.ts";
import { accepter, changedPacket, fixture, verdictOf } from "../../test/unit/forwarder/dgram/packets.ts";
import { buildPath, projectPath } from "./command.ts";

/** How many changed packets the C is compared on, each time with others. */
const changedPackets = 5000;

const verdictNames: ReadonlyMap<number, string> = new Map([
  [verdict.gateway, "QP_VERDICT_GATEWAY"],
  [verdict.stun, "QP_VERDICT_STUN"],
  [verdict.empty, "QP_VERDICT_EMPTY"],
  [accepter, "QP_VERDICT_INITIAL_ROUTE"],
  [verdict.noRoute, "QP_VERDICT_NO_ROUTE"],
]);

/** Writes payloads and the verdicts of the rules in TypeScript as C (test/native/harness/vector.h). Returns its path below test/native/. */
export function writeVectors(): string {
  const cases = fixture.cases.map(({ name, packetHex }) => encodeVector(name, Buffer.from(packetHex, "hex")));
  const changed = fc
    .sample(changedPacket, changedPackets)
    .map((datagram) => encodeVector(Buffer.from(datagram).toString("hex"), datagram));
  const lines = [
    `#include "${projectPath("test/native/harness/vector.h")}"\n\n`,
    ...encodeIds("vector_cids", fixture.registered),
    ...encodeIds("vector_initials", fixture.initialRoutes),
    `const struct vector vectors[] = {\n${[...cases, ...changed].join("")}};\n`,
    `const size_t vector_count = ${cases.length + changed.length};\n`,
  ];
  mkdirSync(buildPath("."), { recursive: true });
  writeFileSync(buildPath("vectors.c"), lines.join(""));
  return "build/vectors.c";
}

function encodeVector(name: string, datagram: Uint8Array): string {
  const sorted = verdictOf(datagram);
  const isSession = sorted >= 0 && sorted !== accepter;
  const expected = isSession ? "QP_VERDICT_SESSION" : verdictNames.get(sorted)!;
  return `  { ${JSON.stringify(name)}, ${encodeBytes(datagram)}, ${datagram.length}, ${expected}, ${isSession ? sorted : 0} },\n`;
}

function encodeIds(name: string, ids: readonly string[]): string[] {
  const encoded = ids.map((hex) => `  { ${encodeBytes(Buffer.from(hex, "hex"))}, ${hex.length / 2} },\n`);
  return [
    `const struct vector_id ${name}[] = {\n${encoded.join("")}};\n`,
    `const size_t ${name.replace(/s$/, "_count")} = ${ids.length};\n`,
  ];
}

/** Encodes bytes as a C literal. An empty one points at a zero, as C has no empty arrays. */
function encodeBytes(bytes: Uint8Array): string {
  return `(const uint8_t[]){ ${bytes.length > 0 ? bytes.join(", ") : 0} }`;
}
