import { exportJWK, generateKeyPair } from "jose";
import { expect, it } from "vitest";
import { type Attacked, attackFor } from "../../../scripts/hostile/attacker-process.ts";
import { forgedTokens } from "../../../scripts/hostile/attacks/forged-tokens.ts";
import { strayDatagrams } from "../../../scripts/hostile/attacks/stray-datagrams.ts";
import { takePort } from "../harness/network/ports.ts";
import { openSocket } from "../harness/udp-peer.ts";

const host = "127.0.0.1";

async function attacked({ port }: { readonly port: number }): Promise<Attacked> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const target = { host, port, certificate: "", token: () => Promise.reject(new TypeError("unused")) };
  return { target, issuer: { key: await exportJWK(privateKey) } };
}

it("an attacker that hangs at its first connection has done nothing, which is complained of", async () => {
  const report = await attackFor(await attacked(await takePort()), forgedTokens.name, 100, 2000);
  expect(report).toMatchObject({ done: 0, complaint: "the attacker did nothing" });
});

it("an attacker tells how much it has done", async () => {
  const socket = await openSocket();
  let received = 0;
  socket.on("message", () => received++);
  const report = await attackFor(await attacked(socket.address()), strayDatagrams.name, 500);
  expect(report).toMatchObject({ isKilled: false, complaint: undefined });
  expect(report.done).toBeGreaterThanOrEqual(received);
  expect(received).toBeGreaterThan(0);
});

it("an attacker that fails says why", async () => {
  const report = await attackFor(await attacked({ port: 1 }), "no such attack", 100);
  expect(report.complaint).toMatch(/^the attacker ended with 1: .*TypeError/s);
});
