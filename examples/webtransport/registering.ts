// Registration over a stream of a WebTransport session: a line of JSON comes, and the relay's answer goes back.

/** A session, as far as registering needs it. */
export interface RegisteringSession {
  /** Where it began: behind a relay, the virtual address of its client. */
  readonly peerAddress?: string | undefined;
  /** Fields of the request that began it. */
  readonly header?: Readonly<Record<string, string>> | undefined;
  readonly incomingBidirectionalStreams: AsyncIterable<DuplexStream>;
}

/** A bidirectional stream. */
export interface DuplexStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** The app with the relay. */
export interface App {
  fetch(request: Request): Response | Promise<Response>;
}

const maxBytes = 4096;

/** Answers registrations on the streams of a session, until that ends. */
export async function answerRegistrations(app: App, session: RegisteringSession): Promise<void> {
  for await (const { readable, writable } of session.incomingBidirectionalStreams)
    answer(app, session, readable)
      .then((response) => response.body!.pipeTo(writable))
      .catch((error: unknown) => writable.abort(error).catch(() => undefined)); // and no other stream
}

/** The stream carries `{ token, … }`: the token, and the members of `POST /v1/register`. Everything else is the session's. */
async function answer(
  app: App,
  { header = {}, peerAddress = "" }: RegisteringSession,
  readable: ReadableStream<Uint8Array>,
): Promise<Response> {
  const { token, ...registration } = JSON.parse(await readText(readable)) as { readonly token?: unknown };
  const headers = new Headers({ "content-type": "application/json" });
  if (typeof token === "string") headers.set("authorization", `Bearer ${token}`);
  // A relay without tokens refuses what a page of another origin asks for.
  if (header["origin"] !== undefined) headers.set("origin", header["origin"]);
  const url = `https://${header[":authority"]}/v1/register`;
  const request = new Request(url, { method: "POST", headers, body: JSON.stringify(registration) });
  const [, clientAddress, clientPort] = /^(.+):(\d+)$/.exec(peerAddress) ?? [];
  // The address goes on in a property of the request, which nothing that a client sends can set.
  const context = { clientAddress, clientPort: Number(clientPort) };
  return await app.fetch(Object.assign(request, { context }));
}

async function readText(readable: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readable)
    if (chunks.push(chunk) > maxBytes || Buffer.concat(chunks).length > maxBytes) throw new Error("too long");
  return Buffer.concat(chunks).toString();
}
