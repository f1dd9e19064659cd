import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import {
  exportJWK,
  generateKeyPair,
  type GenerateKeyPairResult,
  type JSONWebKeySet,
  type JWTHeaderParameters,
  type JWTPayload,
} from "jose";
import { onTestFinished } from "vitest";
import { unsignedToken } from "../../harness/token.ts";

/** An issuer with an HTTP server of its own, for its keys and its discovery document. */
export interface Issuer {
  /** Its name, the `iss` of its tokens: a URL. */
  readonly name: string;
  /** Where its keys are. */
  readonly url: string;
  /** Requests that the server got. */
  readonly requests: () => number;
  /** What is published at {@link url}; a test may change it. */
  readonly keySet: JSONWebKeySet;
  /** Makes a new key under a new id; it is published at once. */
  rotate(alg: string): Promise<void>;
  /** Whether the server answers; `false` closes it. */
  setReachable(reachable: boolean): Promise<void>;
  /** Answers every request in place of the issuer; without an answer the issuer is itself again. */
  misbehave(answer?: RequestListener): void;
  /** Signs a token with the newest key. A header member that is `undefined` is left out. */
  token(claims?: JWTPayload, header?: Partial<JWTHeaderParameters>): Promise<string>;
}

/** Serves a JWKS over HTTP and signs tokens, for a minute and with all scopes unless told otherwise. */
export async function startIssuer(alg = "ES256"): Promise<Issuer> {
  const keySet: JSONWebKeySet = { keys: [] };
  let requests = 0;
  let current: { kid: string; alg: string; pair: GenerateKeyPairResult };
  let misbehaviour: RequestListener | undefined;
  const server: Server = createServer((request, response) => {
    requests++;
    if (misbehaviour) return void misbehaviour(request, response);
    const isDiscovery = request.url === "/.well-known/openid-configuration";
    const body = isDiscovery ? { issuer: name, jwks_uri: url } : keySet;
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  const rotate = async (newAlg: string): Promise<void> => {
    const pair = await generateKeyPair(newAlg, { extractable: true });
    current = { kid: `key-${keySet.keys.length}`, alg: newAlg, pair };
    keySet.keys.push({ ...(await exportJWK(pair.publicKey)), kid: current.kid, alg: newAlg, use: "sig" });
  };
  await rotate(alg);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const name = `http://127.0.0.1:${port}`;
  const url = `${name}/jwks.json`;
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  onTestFinished(stop);
  return {
    name,
    url,
    requests: () => requests,
    keySet,
    rotate,
    async setReachable(reachable) {
      if (!reachable) return stop();
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    },
    misbehave: (answer) => void (misbehaviour = answer),
    token: (claims = {}, header = {}) =>
      unsignedToken(claims)
        .setProtectedHeader({ alg: current.alg, kid: current.kid, ...header })
        .sign(current.pair.privateKey),
  };
}
