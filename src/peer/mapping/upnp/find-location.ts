import { createSocket } from "node:dgram";
import { upnpAnswerMs } from "../../../defaults/index.ts";
import { encodeSearch, parseSearchAnswer, searchAddress } from "./search.ts";

/** Searches for a router's description, from a local address; `undefined` if the router does not answer in 2 s. */
export async function findLocation(
  router: string,
  localAddress: string,
  signal?: AbortSignal,
): Promise<URL | undefined> {
  const timeout = AbortSignal.timeout(upnpAnswerMs);
  const ending = signal ? AbortSignal.any([signal, timeout]) : timeout;
  if (ending.aborted) return undefined;
  const socket = createSocket({ type: "udp4", signal: ending });
  return await new Promise((resolve) => {
    socket.on("close", () => resolve(undefined)).on("error", () => socket.close());
    socket.on("message", (datagram, { address }) => {
      const location = address === router ? parseSearchAnswer(datagram, router) : undefined;
      if (!location) return;
      resolve(location);
      socket.close();
    });
    socket.bind(0, localAddress, () => {
      // Some routers answer what is sent to them alone, others what is sent to all.
      for (const to of [router, searchAddress.address])
        socket.send(encodeSearch(), searchAddress.port, to, () => undefined);
    });
  });
}
