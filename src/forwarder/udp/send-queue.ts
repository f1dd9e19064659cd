import { maxSendQueueBytes } from "../../defaults/index.ts";

/** Datagrams between two looks at the queue: it grows by no more than these beyond its limit. */
const lookInterval = 16;

/**
 * Tells before each datagram whether the socket's send queue is over its limit (`defaults.maxSendQueueBytes`),
 * so that what the system does not take is dropped and not kept. It looks at every sixteenth datagram only:
 * looking at each costs a hundredth of the packet rate, and the queue is empty but for a full socket buffer.
 *
 * @param queuedBytes the length of the queue, in bytes.
 */
export function createSendQueueGate(queuedBytes: () => number): () => boolean {
  let datagrams = 0;
  let isFull = false;
  return () => {
    if (datagrams++ % lookInterval === 0) isFull = queuedBytes() > maxSendQueueBytes;
    return isFull;
  };
}
