import { Namespace } from "./namespaces.ts";

/** A relay's machine with two addresses of each IP version, and one from which peers talk to them. */
export interface TwoAddresses {
  readonly relay: Namespace;
  readonly clients: Namespace;
}

/** The link of either machine. */
export const link = "eth";

/** The addresses of the relay's machine, by IP version, and that of the other one (RFC 5737, RFC 3849). */
export const addressesOf = {
  ipv4: { relay: ["192.0.2.1", "192.0.2.11"], clients: "192.0.2.2" },
  ipv6: { relay: ["2001:db8:1::1", "2001:db8:1::11"], clients: "2001:db8:1::2" },
} as const;

/** Adds an address to a machine, which may be used at once, or takes one away. */
export function change(host: Namespace, what: "add" | "delete", address: string, dev: string = link): void {
  const [bits, flags] = address.includes(":") ? ["64", ["nodad"]] : ["24", []];
  host.ip("address", what, `${address}/${bits}`, "dev", dev, ...(what === "add" ? flags : []));
}

/** Both machines, with a cable between them. */
export function createTwoAddresses(): TwoAddresses {
  const [relay, clients] = [new Namespace("relay"), new Namespace("clients")];
  for (const host of [relay, clients]) host.run("sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0");
  relay.cable(link, clients, link);
  for (const { relay: held, clients: theirs } of Object.values(addressesOf)) {
    for (const address of held) change(relay, "add", address);
    change(clients, "add", theirs);
  }
  return { relay, clients };
}
