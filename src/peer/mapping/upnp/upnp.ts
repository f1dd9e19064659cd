import { randomInt } from "node:crypto";
import { mappingLifetimeSeconds, upnpPortTries } from "../../../defaults/index.ts";
import { granted, type LookAnswer, type MapAnswer, type MappingReason } from "../answers.ts";
import type { RouterExchange } from "../exchange.ts";
import type { Mapping, MappingProtocol } from "../protocols.ts";
import { findService, type UpnpService } from "./description.ts";
import { findLocation } from "./find-location.ts";
import { askByHttp } from "./http.ts";
import { encodeAction, parseAnswer, type SoapAction, type SoapAnswer } from "./soap.ts";

/**
 * UPnP's Internet Gateway Device, for those who ask for it: its answers are easy to forge for any host at home, and some
 * firewalls ask their users about its search.
 */
export class Upnp implements MappingProtocol {
  readonly service = "upnp";
  #known: { readonly router: string; readonly service: UpnpService } | undefined;
  /** The port that this has mapped. Another may be another host's: a router may let anyone end its mapping. */
  #mappedPort: number | undefined;

  async map(exchange: RouterExchange, mapping: Mapping, signal: AbortSignal): Promise<MapAnswer | undefined> {
    const service = await this.find(exchange, signal);
    if (!service) return undefined;
    const state = await this.#call(service, { name: "GetExternalIPAddress", arguments: {} }, signal);
    const ports = portsFor(mapping);
    for (const port of state ? ports : []) {
      const added = await this.#add(
        service,
        exchange.localAddress,
        { port, internalPort: mapping.internalPort },
        signal,
      );
      if (!added) return undefined;
      if (added.fault === fault.taken && port !== ports.at(-1)) continue;
      if (added.fault !== undefined) return refusal(added.fault);
      this.#mappedPort = port;
      const address = { address: state?.value("NewExternalIPAddress") ?? "", port };
      return granted({ ...noEpoch, lifetimeSeconds: mappingLifetimeSeconds, address });
    }
    return undefined;
  }

  async unmap(): Promise<void> {
    const [service, port] = [this.#known?.service, this.#mappedPort];
    this.#mappedPort = undefined;
    if (!service || port === undefined) return;
    await this.#call(service, { name: "DeletePortMapping", arguments: named(port) });
  }

  /** Asks for the mapping itself, as UPnP has no epoch. */
  async look(_: RouterExchange, signal?: AbortSignal): Promise<LookAnswer | undefined> {
    const [service, port] = [this.#known?.service, this.#mappedPort];
    if (!service || port === undefined) return undefined;
    const action = { name: "GetSpecificPortMappingEntry", arguments: named(port) };
    const answer = await this.#call(service, action, signal);
    if (answer?.fault === fault.noSuchEntry) return { kind: "lost" };
    return answer && { kind: "state", ...noEpoch };
  }

  /** Finds the service that maps ports at the router; `undefined` if there is none. */
  async find(exchange: RouterExchange, signal?: AbortSignal): Promise<UpnpService | undefined> {
    const { router, localAddress } = exchange;
    if (this.#known?.router === router) return this.#known.service;
    const location = await findLocation(router, localAddress, signal);
    const description = location && (await askByHttp(location, { method: "GET" }, signal));
    const service = description === undefined ? undefined : findService(description, location!);
    this.#known = service && { router, service };
    return service;
  }

  /** Adds a mapping, for good if the router knows no lifetimes: that is given back on close, and renewed like others. */
  async #add(
    service: UpnpService,
    localAddress: string,
    { port, internalPort }: { port: number; internalPort: number },
    signal: AbortSignal,
  ): Promise<SoapAnswer | undefined> {
    const add = (seconds: number): Promise<SoapAnswer | undefined> => {
      const values = {
        ...named(port),
        NewInternalPort: internalPort,
        NewInternalClient: localAddress,
        NewEnabled: 1,
        NewPortMappingDescription: "quicpipe",
        NewLeaseDuration: seconds,
      };
      return this.#call(service, { name: "AddPortMapping", arguments: values }, signal);
    };
    const added = await add(mappingLifetimeSeconds);
    return added?.fault === fault.onlyPermanent ? await add(0) : added;
  }

  /** A router that does not answer is searched for anew, as it may have started again on another port. */
  async #call(
    service: UpnpService,
    action: SoapAction,
    signal?: AbortSignal,
  ): Promise<SoapAnswer | undefined> {
    const body = await askByHttp(service.controlUrl, encodeAction(service, action), signal);
    const answer = body === undefined ? undefined : parseAnswer(body, action);
    if (!answer) this.#known = undefined;
    return answer;
  }
}

const noEpoch = { epochSeconds: 0 } as const;

/** Codes of WANIPConnection (IGD 1 §2.4). */
const fault = { noSuchEntry: 714, taken: 718, onlyPermanent: 725 } as const;
const reasons: ReadonlyMap<number, MappingReason> = new Map([
  [606, "not-authorized"],
  [718, "no-resources"],
  [728, "no-resources"],
]);

function refusal(code: number): MapAnswer {
  return { kind: "refused", ...noEpoch, reason: reasons.get(code) ?? "refused" };
}

/** What names a mapping: its port, from whichever host outside. */
function named(port: number): Readonly<Record<string, string | number>> {
  return { NewRemoteHost: "", NewExternalPort: port, NewProtocol: "UDP" };
}

/** External ports to try. */
function portsFor({ suggested, internalPort }: Mapping): number[] {
  const others = Array.from({ length: upnpPortTries - 1 }, () => randomInt(1024, 65_536));
  return [suggested?.port ?? internalPort, ...others];
}
