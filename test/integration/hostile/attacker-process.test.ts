import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import { expect, it, onTestFinished } from "vitest";
import { type Attacked, attackFor } from "../../../scripts/hostile/attacker-process.ts";
import { forgedTokens } from "../../../scripts/hostile/attacks/forged-tokens.ts";
import { strayDatagrams } from "../../../scripts/hostile/attacks/stray-datagrams.ts";

const host = "127.0.0.1";

async function attacked({ port }: AddressInfo): Promise<Attacked> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const target = { host, port, certificate: "", token: () => Promise.reject(new TypeError("unused")) };
  return { target, issuer: { key: await exportJWK(privateKey) } };
}

it("an attacker that hangs at its first connection has done nothing, which is complained of", async () => {
  const mute = createServer().listen(0, host);
  onTestFinished(() => void mute.close());
  await once(mute, "listening");
  const report = await attackFor(await attacked(mute.address() as AddressInfo), forgedTokens.name, 100);
  expect(report).toMatchObject({ done: 0, complaint: "the attacker did nothing" });
}, 30_000);

it("an attacker tells how much it has done", async () => {
  const socket = createSocket("udp4").bind(0, host);
  onTestFinished(() => void socket.close());
  await once(socket, "listening");
  let received = 0;
  socket.on("message", () => received++);
  const report = await attackFor(await attacked(socket.address()), strayDatagrams.name, 500);
  expect(report).toMatchObject({ isKilled: false, complaint: undefined });
  expect(report.done).toBeGreaterThanOrEqual(received);
  expect(received).toBeGreaterThan(0);
}, 30_000);

it("an attacker that fails says why", async () => {
  const report = await attackFor(
    await attacked({ port: 1, address: host, family: "IPv4" }),
    "no such attack",
    100,
  );
  expect(report.complaint).toMatch(/^the attacker ended with 1: .*TypeError/s);
}, 30_000);
