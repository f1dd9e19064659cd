import { maxRouterDatagramBytes, maxRouterDatagrams, routerAnswerMs } from "../../defaults/index.ts";
import type { OpenRouterSocket } from "./router-socket.ts";

/** Requests to a router and their answers, one at a time, over a socket of their own. */
export interface RouterExchange {
  readonly router: string;
  /** IPv4 literal that the router sees. */
  readonly localAddress: string;
  /**
   * Sends a request, and again if no answer has come in 250 ms. Returns what `read` makes of the answer, which is the first
   * datagram that it makes anything of; `undefined` if none has come 250 ms later, or as soon as `signal` aborts.
   */
  ask<Answer>(
    request: Uint8Array,
    read: (datagram: Uint8Array) => Answer | undefined,
    signal?: AbortSignal,
  ): Promise<Answer | undefined>;
  /** Ends the question that waits, if there is one, without an answer. */
  close(): void;
}

/** Opens an exchange with a router; `undefined` if the system has no way there. */
export async function openExchange(
  open: OpenRouterSocket,
  router: string,
): Promise<RouterExchange | undefined> {
  let take: (datagram: Uint8Array) => void = ignore;
  let giveUp: () => void = ignore;
  const owner = {
    onDatagram: (datagram: Uint8Array): void => take(datagram),
    onUnreachable: (): void => giveUp(),
  };
  const socket = await open(router, owner).catch(() => undefined);
  if (!socket) return undefined;
  return {
    router,
    localAddress: socket.localAddress,
    close() {
      giveUp();
      socket.close();
    },
    async ask<Answer>(
      request: Uint8Array,
      read: (datagram: Uint8Array) => Answer | undefined,
      signal?: AbortSignal,
    ) {
      if (signal?.aborted) return undefined;
      const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
      let left = maxRouterDatagrams;
      giveUp = () => resolve(undefined);
      take = (datagram) => {
        if (left-- <= 0 || datagram.length > maxRouterDatagramBytes) return;
        const answer = read(datagram);
        if (answer !== undefined) resolve(answer);
      };
      signal?.addEventListener("abort", giveUp);
      const repeat = setTimeout(() => socket.send(request), routerAnswerMs);
      const end = setTimeout(giveUp, 2 * routerAnswerMs);
      socket.send(request);
      try {
        return await promise;
      } finally {
        clearTimeout(repeat);
        clearTimeout(end);
        signal?.removeEventListener("abort", giveUp);
        take = giveUp = ignore;
      }
    },
  };
}

const ignore = (): void => undefined;
