import type { EngineListener } from "./contract.ts";

const ignore = (): void => undefined;

/** Takes no notice of anything. The base of listeners that wait for little. */
export const deafListener: EngineListener = {
  onEstablished: ignore,
  onConfirmed: ignore,
  onPresented: ignore,
  onEnded: ignore,
  onStalled: ignore,
  onOpened: ignore,
  onReadable: ignore,
  onWritable: ignore,
  onStopped: ignore,
  onAllowed: ignore,
  onDatagrams: ignore,
  onCidsRunLow: ignore,
};
