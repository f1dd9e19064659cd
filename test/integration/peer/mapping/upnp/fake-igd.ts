import { createSocket } from "node:dgram";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

const type = "urn:schemas-upnp-org:service:WANIPConnection:1";

/** A router of UPnP at a loopback address, which does as the test says. */
export class FakeIgd {
  readonly address: string;
  /** Actions that were called, with their values in order. */
  readonly called: [name: string, ...values: string[]][] = [];
  /** Returns the code of a fault, or nothing. */
  fail: (name: string, values: readonly string[]) => number | undefined = () => undefined;
  /** Takes a request for the description. */
  describe: (response: ServerResponse) => void = (response) =>
    response.end(`<service><serviceType>${type}</serviceType><controlURL>/control</controlURL></service>`);
  /** Where the description is. */
  location = "";

  constructor(address: string) {
    this.address = address;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    const search = createSocket("udp4", (_, from) =>
      search.send(`HTTP/1.1 200 OK\r\nLOCATION: ${this.location}\r\n\r\n`, from.port, from.address),
    );
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
      search.close();
    });
    await new Promise<void>((resolve) => void server.listen(0, this.address, resolve));
    await new Promise<void>((resolve) => void search.bind(1900, this.address, resolve));
    this.location = `http://${this.address}:${(server.address() as AddressInfo).port}/description`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url !== "/control") return this.describe(response);
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const name = /#(\w+)"/.exec(String(request.headers["soapaction"]))![1]!;
    const values = [...body.matchAll(/<New\w+>([^<]*)</g)].map(([, value]) => value!);
    this.called.push([name, ...values]);
    const code = this.fail(name, values);
    if (code !== undefined) response.writeHead(500).end(`<errorCode>${code}</errorCode>`);
    else response.end(`<u:${name}Response><NewExternalIPAddress>203.0.113.9</NewExternalIPAddress>`);
  }
}
