import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { badCertificate } from "../../../../src/peer/connection/error.ts";
import type { CertificateDemand, EngineOptions } from "../../../../src/peer/engine/contract.ts";
import { loadEngine } from "../../../../src/peer/engine/engine.ts";
import { loadIdentity, pinOf } from "../../../../src/peer/index.ts";
import { bindPeer } from "../../harness/peers.ts";
import { algorithms, createIdentityOf, type TlsIdentity } from "../../harness/identities.ts";
import { beginPair, type EnginePair, exchange, move, type Side } from "./pair.ts";

function pinning({ certificate }: TlsIdentity): CertificateDemand {
  return { kind: "pins", pins: [Buffer.from(pinOf(certificate).slice("sha256/".length), "base64")] };
}

/** Begins a handshake, in which one side asks for more of the other than this one of it. */
async function beginAs(
  role: "client" | "server",
  options: Partial<EngineOptions>,
): Promise<{ pair: EnginePair; asking: Side; other: Side }> {
  if (role === "client") {
    const pair = await beginPair(options);
    return { pair, asking: pair.client, other: pair.server };
  }
  const pair = await beginPair({}, options);
  return { pair, asking: pair.server, other: pair.client };
}

/** Moves on until the certificate of the other side waits to be judged. */
function present({ pair, asking, other }: Awaited<ReturnType<typeof beginAs>>): void {
  for (let turn = 0; turn < 4 && !asking.told.includes("onPresented"); turn++) {
    if (asking === pair.client) move(other, asking);
    else exchange(pair);
  }
  expect(asking.told).toContain("onPresented");
}

function presented({ engine }: Side): string {
  return new X509Certificate(engine.certificates()[0]!).toString();
}

const refusal = { isApplication: false, errorCode: badCertificate };

describe("the QUIC engine", () => {
  it.each(Object.entries(algorithms))(
    "takes identities with keys of %s in both roles",
    async (_, algorithm) => {
      const [alice, bob] = [await createIdentityOf(algorithm), await createIdentityOf(algorithm)];
      const pair = await beginPair(
        { identity: alice, demand: pinning(bob) },
        { identity: bob, demand: pinning(alice) },
      );
      exchange(pair);
      expect(pair.client.told).toContain("onConfirmed");
      expect(pair.server.told).toContain("onConfirmed");
      expect(presented(pair.client)).toBe(new X509Certificate(bob.certificate).toString());
      expect(presented(pair.server)).toBe(new X509Certificate(alice.certificate).toString());
    },
  );

  it.each(["client", "server"] as const)(
    "ends the handshake for both sides where the %s finds another key than is pinned",
    async (role) => {
      const demand = { kind: "pins", pins: [Buffer.alloc(32)] } as const;
      const { pair, asking, other } = await beginAs(role, { demand });
      exchange(pair);
      expect(asking.engine.end()).toMatchObject({ by: "this", ...refusal });
      expect(other.engine.end()).toMatchObject({ by: "other", ...refusal });
      // The certificate is there for the error message.
      expect(asking.engine.certificates()).toHaveLength(1);
    },
  );

  it("ends the handshake where the certificate is of another authority", async () => {
    const { certificate: pem } = await createIdentityOf(algorithms["ECDSA P-256"]);
    const { pair, asking, other } = await beginAs("client", { demand: { kind: "ca", pem } });
    exchange(pair);
    expect(asking.engine.end()).toMatchObject({ by: "this", isApplication: false });
    expect(other.engine.end()).toMatchObject({ by: "other", isApplication: false });
  });

  it.each(["client", "server"] as const)(
    "says nothing more as the %s until the certificate is judged, and then goes on",
    async (role) => {
      const begun = await beginAs(role, { demand: { kind: "any" }, isJudged: true });
      const { pair, asking, other } = begun;
      present(begun);
      expect(move(asking, other)).toBe(0);
      asking.engine.judge(true);
      exchange(pair);
      expect(asking.told).toContain("onConfirmed");
      expect(other.told).toContain("onConfirmed");
    },
  );

  it.each([
    // After the handshake of the server, which learns the certificate at its end.
    ["server", { isApplication: true, errorCode: badCertificate }],
    // APPLICATION_ERROR, as what an application says is not for the handshake (RFC 9000 §10.2.3).
    ["client", { isApplication: false, errorCode: 0x0c }],
  ] as const)("ends the connection where the %s judges the certificate to be bad", async (role, told) => {
    const begun = await beginAs(role, { demand: { kind: "any" }, isJudged: true });
    const { pair, asking, other } = begun;
    present(begun);
    asking.engine.judge(false);
    exchange(pair);
    expect(asking.engine.end()).toMatchObject({ by: "this", errorCode: badCertificate });
    expect(other.engine.end()).toMatchObject({ by: "other", ...told });
  });

  it("says before any connection that it takes no key of a kind that TLS has no signatures for", async () => {
    const engine = loadEngine();
    for (const algorithm of Object.values(algorithms))
      engine.requireIdentity(await createIdentityOf(algorithm));
    const short = await createIdentityOf({ ...algorithms.RSA, modulusLength: 1024 });
    const unusable = {
      code: "ERR_QUICPIPE_IDENTITY_INVALID",
      message: expect.stringContaining("RSA of 2048"),
    };
    expect(() => engine.requireIdentity(short)).toThrow(expect.objectContaining(unusable));
    await expect(
      bindPeer(1, "alice", { identity: loadIdentity(short.privateKey + short.certificate) }),
    ).rejects.toMatchObject(unusable);
  });

  it("says which identity it cannot take", async () => {
    const { certificate } = await createIdentityOf(algorithms["ECDSA P-256"]);
    const { privateKey } = await createIdentityOf(algorithms["ECDSA P-256"]);
    const begun = beginPair({ identity: { certificate, privateKey } });
    await expect(begun).rejects.toMatchObject({ code: "ERR_QUICPIPE_IDENTITY_INVALID" });
  });
});
