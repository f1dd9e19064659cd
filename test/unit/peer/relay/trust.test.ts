import { X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createCertificate } from "../../../../src/files/certificate.ts";
import { selectRelayTrust } from "../../../../src/peer/relay/trust.ts";

let named: string;
let onlyAddress: string;
let other: string;

beforeAll(async () => {
  const hosts = [["relay.example", "203.0.113.1"], ["203.0.113.1"], ["other.example"]];
  const made = await Promise.all(hosts.map((each) => createCertificate({ name: "relay", hosts: each })));
  [named, onlyAddress, other] = made.map(({ certificate }) => certificate) as [string, string, string];
});

const derOf = (pem: string): Uint8Array => new X509Certificate(pem).raw;
const noProbe = (): never => expect.unreachable("no handshake is needed");
const unreachable = { code: "ERR_QUICPIPE_RELAY_UNREACHABLE" };

describe("how the relay's certificate is verified", () => {
  it("is plain with one CA and a name", async () => {
    const trust = await selectRelayTrust("relay.example", other, noProbe);
    expect(trust).toEqual({ serverName: "relay.example", ca: other.trim() });
  });

  it("takes the name beside the address from a certificate that is trusted itself", async () => {
    const trust = await selectRelayTrust("203.0.113.1", named, noProbe);
    expect(trust).toEqual({ serverName: "relay.example", ca: named.trim() });
  });

  it("finds the CA out of many by the chain that a first handshake has verified", async () => {
    const probe = vi.fn(() => Promise.resolve([derOf(named)]));
    const trust = await selectRelayTrust("relay.example", other + named, probe);
    expect(trust).toEqual({ serverName: "relay.example", ca: named.trim() });
    expect(probe).toHaveBeenCalledWith(expect.stringContaining("BEGIN CERTIFICATE"), "relay.example");
  });

  it("fails where the chain leads to none of them, or is for another address", async () => {
    const probe = (): Promise<Uint8Array[]> => Promise.resolve([derOf(named)]);
    await expect(selectRelayTrust("relay.example", other + other, probe)).rejects.toMatchObject({
      ...unreachable,
      message: expect.stringContaining("leads to none of the trusted CAs"),
    });
    await expect(selectRelayTrust("203.0.113.2", other + named, probe)).rejects.toMatchObject({
      ...unreachable,
      message: expect.stringContaining("is valid for relay.example, 203.0.113.1, not for 203.0.113.2: "),
    });
  });

  it("fails where a certificate names an address and no DNS name beside it", async () => {
    const probe = (): Promise<Uint8Array[]> => Promise.resolve([derOf(onlyAddress)]);
    await expect(selectRelayTrust("203.0.113.1", onlyAddress, probe)).rejects.toMatchObject({
      ...unreachable,
      message: expect.stringMatching(
        /^the relay's certificate is valid for 203\.0\.113\.1, but .* a DNS name/,
      ),
    });
  });

  it("verifies nothing where that is spelled out", async () => {
    expect(await selectRelayTrust("relay.example", "insecure", noProbe)).toEqual({
      serverName: "relay.example",
      ca: undefined,
    });
  });

  it("refuses PEM text without a certificate", async () => {
    await expect(selectRelayTrust("relay.example", "", noProbe)).rejects.toMatchObject({
      code: "ERR_QUICPIPE_OPTION_INVALID",
    });
  });
});
