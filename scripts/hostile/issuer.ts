import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

const algorithm = "ES256";
const scope = "relay:register mailbox:send mailbox:receive";

/** A token issuer on loopback that counts fetches of its keys. The caller closes it. */
export class Issuer {
  readonly url: string;
  /** The private key, with which other processes make tokens too. */
  readonly key: JWK;
  readonly #server: Server;
  #fetches = 0;

  private constructor(server: Server, key: JWK, publicKey: JWK) {
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    this.url = `http://127.0.0.1:${port}/keys`;
    this.key = key;
    this.#server = server;
    server.on("request", (_request, response) => {
      this.#fetches++;
      response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: [publicKey] }));
    });
  }

  static async start(): Promise<Issuer> {
    const pair = await generateKeyPair(algorithm, { extractable: true });
    const [key, publicKey] = await Promise.all([exportJWK(pair.privateKey), exportJWK(pair.publicKey)]);
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Issuer(server, key, { ...publicKey, kid: "key-0", alg: algorithm, use: "sig" });
  }

  /** Fetches of its keys so far. */
  get fetches(): number {
    return this.#fetches;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** Returns a function that makes tokens with all scopes of a peer. */
export function tokens(key: JWK): (subject: string) => Promise<string> {
  return (subject) =>
    new SignJWT({ scope })
      .setProtectedHeader({ alg: algorithm, kid: "key-0" })
      .setSubject(subject)
      .setExpirationTime("1h")
      .sign(key);
}
