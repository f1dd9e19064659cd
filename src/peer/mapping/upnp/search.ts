import { maxUpnpSearchAnswerBytes } from "../../../defaults/index.ts";

/** Where devices of UPnP listen for a search (UDA 1.1 §1.3.2). */
export const searchAddress = { address: "239.255.255.250", port: 1900 } as const;

/** Encodes the search for a router that maps ports. Version 2 answers to version 1. */
export function encodeSearch(): Uint8Array {
  return Buffer.from(
    [
      "M-SEARCH * HTTP/1.1",
      `HOST: ${searchAddress.address}:${searchAddress.port}`,
      'MAN: "ssdp:discover"',
      "MX: 1",
      "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1",
      "\r\n",
    ].join("\r\n"),
  );
}

/**
 * Returns where a router's description is, by its answer to a search. `undefined` for anything else, and for a place that is
 * not at the router: whoever answers must not choose whom this host talks to.
 */
export function parseSearchAnswer(datagram: Uint8Array, router: string): URL | undefined {
  if (datagram.length > maxUpnpSearchAnswerBytes) return undefined;
  const [status, ...fields] = Buffer.from(datagram).toString("latin1").split("\r\n");
  if (!/^HTTP\/1\.[01] 200(?: |$)/.test(status!)) return undefined;
  const location = fields.find((field) => /^location:/i.test(field));
  return location === undefined ? undefined : urlAt(router, location.slice("location:".length).trim());
}

/** Returns a URL if it is one of plain HTTP at the router. */
export function urlAt(router: string, text: string, base?: URL): URL | undefined {
  const url = URL.parse(text, base?.href);
  return url?.protocol === "http:" && url.hostname === router ? url : undefined;
}
