import { readFileSync, writeFileSync } from "node:fs";
import { projectPath } from "../native-tests/command.ts";

interface Fixture {
  readonly registered: readonly string[];
  readonly cases: readonly {
    readonly name: string;
    readonly packetHex: string;
    readonly verdict: string;
    readonly isInitialRoute?: boolean;
  }[];
}

/** Writes the packets of the fixture to a C file (test/xdp/vector.h). */
export function writeVectors(path: string): void {
  const fixture = JSON.parse(readFileSync(projectPath("test/fixtures/packets.json"), "utf8")) as Fixture;
  const packets = fixture.cases.map(({ name, packetHex, verdict, isInitialRoute }) => {
    const isForwarded = verdict === "relay" && !isInitialRoute;
    return `  { ${JSON.stringify(name)}, (const uint8_t[])${encodeBytes(packetHex)}, ${packetHex.length / 2}, ${isForwarded} },\n`;
  });
  const lines = [
    `#include "${projectPath("test/xdp/vector.h")}"\n\n`,
    `const struct vector vectors[] = {\n${packets.join("")}};\n`,
    `const size_t vector_count = ${packets.length};\n`,
    `const uint8_t vector_cids[] = ${encodeBytes(fixture.registered.join(""))};\n`,
    `const uint32_t vector_cid_count = ${fixture.registered.length};\n`,
  ];
  writeFileSync(path, lines.join(""));
}

/** Encodes bytes as a C initializer. Appends an unused zero, as C has no empty arrays. */
function encodeBytes(hex: string): string {
  return `{ ${[...Buffer.from(hex, "hex"), 0].join(", ")} }`;
}
