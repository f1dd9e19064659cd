/** Defaults of port mappings, each with its unit and its reason. `defaults/index.ts` exports them too. */
import { hour, KiB, minute, second } from "./units.ts";

/** Lifetime that a peer asks for its port mapping, in seconds: two hours, as RFC 6886 §3.3 recommends. */
export const mappingLifetimeSeconds = 7200;
/** Longest lifetime that a router's answer is believed, in ms: the maximum that RFC 6887 §15 recommends to routers. */
export const maxMappingLifetimeMs: number = 24 * hour;
/** Shortest time between two requests to renew a mapping, in ms (RFC 6887 §11.2.1), however short its life is. */
export const minMappingRenewalMs: number = 4 * second;
/**
 * Time for a router's answer before its request is repeated, once, and again before it is given up, in ms: as RFC 6886 §3.1
 * begins. The router is one hop away, and a dial does not wait for those that stay silent.
 */
export const routerAnswerMs = 250;
/** Interval at which a router is asked whether it has restarted, in ms: about what a restart takes. */
export const routerLookMs: number = minute;
/** Time until a router that did not map is asked again, in ms: rare enough for one that never will. */
export const mappingRetryMs: number = 5 * minute;
/** Longest datagram of a router that is read, in bytes: the longest PCP message (RFC 6887 §7). */
export const maxRouterDatagramBytes = 1100;
/** Datagrams that are read for one request: late answers to former ones come first, and anyone can send in the router's name. */
export const maxRouterDatagrams = 16;
/** Bytes of the routing table that are read: 32 lines, of which the default routes are the first. */
export const maxRouteTableBytes: number = 4 * KiB;
/** Time for each answer of a router by UPnP, in ms: it may wait a second before it answers a search (UDA 1.1 §1.3.2, MX). */
export const upnpAnswerMs: number = 2 * second;
/** Longest answer to a search by UPnP that is read, in bytes: an Ethernet frame's payload. */
export const maxUpnpSearchAnswerBytes = 1500;
/** Longest description or other body of a router by UPnP that is read, in bytes: ten times what one with all services takes. */
export const maxUpnpBodyBytes: number = 64 * KiB;
/** Ports that are tried by UPnP where a router's first is taken by another host. */
export const upnpPortTries = 3;
