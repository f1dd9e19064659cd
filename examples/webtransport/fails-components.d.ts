/** What the example needs of `@fails-components/webtransport`, which is not installed with this package. */
declare module "@fails-components/webtransport" {
  export class Http3Server {
    constructor(options: {
      readonly host: string;
      readonly port: number;
      readonly secret: string;
      readonly cert: string;
      readonly privKey: string;
      readonly defaultDatagramsReadableMode: "bytes" | "default";
    });
    readonly ready: Promise<unknown>;
    startServer(): void;
    stopServer(): void;
    address(): { readonly port: number } | null;
    sessionStream(path: string): AsyncIterable<ServerSession>;
  }

  export interface ServerSession {
    readonly ready: Promise<unknown>;
    readonly closed: Promise<unknown>;
    readonly peerAddress: string | undefined;
    readonly header: Readonly<Record<string, string>>;
    readonly datagrams: {
      readonly readable: ReadableStream<Uint8Array>;
      createWritable(): WritableStream<Uint8Array>;
    };
    readonly incomingBidirectionalStreams: AsyncIterable<{
      readonly readable: ReadableStream<Uint8Array>;
      readonly writable: WritableStream<Uint8Array>;
    }>;
  }
}
