import { urlAt } from "./search.ts";

/** A service of a router that maps ports. */
export interface UpnpService {
  readonly type: string;
  readonly controlUrl: URL;
}

/** Services that map ports, the best first (IGD 2 §2.3, IGD 1). */
const types: readonly string[] = ["WANIPConnection:2", "WANIPConnection:1", "WANPPPConnection:1"].map(
  (name) => `urn:schemas-upnp-org:service:${name}`,
);

/**
 * Finds the service that maps ports in a router's description; `undefined` if there is none at the router. It is looked for by
 * the two elements that matter, wherever they are: a description is a stranger's XML, and not worth a parser.
 */
export function findService(description: string, location: URL): UpnpService | undefined {
  const services = description.split("</service>").flatMap((before): UpnpService[] => {
    const service = before.slice(before.lastIndexOf("<service>"));
    const type = elementOf(service, "serviceType");
    const path = elementOf(service, "controlURL");
    if (type === undefined || path === undefined || !types.includes(type)) return [];
    const controlUrl = urlAt(location.hostname, path, location);
    return controlUrl ? [{ type, controlUrl }] : [];
  });
  return services.toSorted((a, b) => types.indexOf(a.type) - types.indexOf(b.type))[0];
}

/** Returns the text of the first element of a name that has no prefix and no attributes; `undefined` if it is long. */
export function elementOf(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]{0,512})</${name}>`).exec(xml)?.[1];
  return text?.trim().replaceAll("&amp;", "&");
}
