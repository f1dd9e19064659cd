import type {
  BucketId,
  Forwarder,
  InitialRoute,
  SessionCounters,
  SessionId,
  SessionSpec,
} from "../../../src/forwarder/index.ts";
import { createCounters } from "../../../src/forwarder/counters.ts";
import { type Address, sameAddress } from "../../../src/wire/address.ts";
import { deriveConnectionIds, unpackConnectionIds } from "../../../src/wire/connection-id.ts";

export const noCounters: SessionCounters = {
  packetsFrom: 0,
  bytesFrom: 0,
  packetsTo: 0,
  bytesTo: 0,
  packetsLimited: 0,
  packetsOffloaded: 0,
  packetsNoAddress: 0,
  packetsToItself: 0,
  firstForwardedAtMs: null,
};

/** A data plane without a socket: it keeps what it is told, strictly, and shows it. */
export interface FakeForwarder extends Forwarder {
  readonly sessions: ReadonlyMap<SessionId, SessionSpec>;
  /** The buckets that are open; what is missing in them is to be set by hand. */
  readonly buckets: ReadonlyMap<BucketId, { bytesPerSecond: number; missingMs: number }>;
  readonly initialRoutes: readonly InitialRoute[];
  /** What `clientOf` knows, by virtual address. */
  readonly clients: Map<string, Address>;
}

export const fakeRelayAddress: Address = { address: "192.0.2.1", port: 4433 };

export function createFakeForwarder(): FakeForwarder {
  const sessions = new Map<SessionId, SessionSpec>();
  const buckets = new Map<BucketId, { bytesPerSecond: number; missingMs: number }>();
  const routes = new Map<string, SessionId>();
  const initialRoutes: InitialRoute[] = [];
  const clients = new Map<string, Address>();
  let lastId = 0;

  const specOf = (id: SessionId): SessionSpec => {
    const spec = sessions.get(id);
    if (!spec) throw new TypeError(`session ${id} is not open`);
    return spec;
  };
  const bucketOf = (id: BucketId): { bytesPerSecond: number; missingMs: number } => {
    const bucket = buckets.get(id);
    if (!bucket) throw new TypeError(`bucket ${id} is not open`);
    return bucket;
  };
  const addRoutes = (id: SessionId, cids: Uint8Array): void => {
    for (const cid of unpackConnectionIds(cids)) {
      if (routes.has(keyOf(cid))) throw new TypeError(`${keyOf(cid)} is routed already`);
      routes.set(keyOf(cid), id);
    }
  };
  const removeRoutes = (cids: Uint8Array): void => {
    for (const cid of unpackConnectionIds(cids)) routes.delete(keyOf(cid));
  };

  return {
    backend: "dgram",
    backendReason: "a fake",
    clientsBy: "address",
    sessions,
    buckets,
    initialRoutes,
    clients,
    deriveConnectionIds,
    address: () => fakeRelayAddress,
    isOwnAddress: (address) => sameAddress(address, fakeRelayAddress),
    openBucket(bytesPerSecond) {
      const id = ++lastId;
      buckets.set(id, { bytesPerSecond, missingMs: 0 });
      return id;
    },
    shapeBucket: (id, bytesPerSecond) => void (bucketOf(id).bytesPerSecond = bytesPerSecond),
    bucketMissingMs: (id) => bucketOf(id).missingMs,
    closeBucket(id) {
      bucketOf(id);
      for (const { bucket } of sessions.values())
        if (bucket === id) throw new TypeError(`a session draws from bucket ${id}`);
      buckets.delete(id);
    },
    openSession(spec) {
      bucketOf(spec.bucket);
      const id = ++lastId;
      addRoutes(id, spec.cids);
      sessions.set(id, spec);
      return id;
    },
    updateSession(id, change) {
      const spec = specOf(id);
      if (change.cids) {
        removeRoutes(spec.cids);
        addRoutes(id, change.cids);
      }
      if (change.bucket !== undefined) bucketOf(change.bucket);
      sessions.set(id, { ...spec, ...change });
    },
    closeSession(id) {
      removeRoutes(specOf(id).cids);
      sessions.delete(id);
      return noCounters;
    },
    countersOf: (id) => (specOf(id), noCounters),
    sampleSessions: (ids, into) => void into.fill(0, 0, 3 * ids.length),
    sessionOf: (cid) => routes.get(keyOf(cid)),
    sessionAt: (address) =>
      [...sessions].findLast(([, spec]) => spec.address && sameAddress(spec.address, address))?.[0],
    routeInitial: (route) => void initialRoutes.push(route),
    clientOf: (virtualAddress) => {
      const client = clients.get(virtualAddress);
      return client && { ...client, isThere: true };
    },
    stats: () => ({
      ...createCounters(),
      path: { kernel: { packets: 0, bytes: 0 }, user: { packets: 0, bytes: 0 } },
      gateway: { packetsIn: 0, packetsOut: 0, clients: clients.size, onProbation: 0, givenUp: 0 },
      sessions: sessions.size,
      routes: routes.size,
      initialRoutes: initialRoutes.length,
      buckets: buckets.size,
      overflowed: 0,
      unclaimed: 0,
    }),
    xdp: () => ({ state: "off", reason: "a fake", interfaces: [], refusedRoutes: 0 }),
    ref: () => undefined,
    unref: () => undefined,
    close: () => Promise.resolve(),
  };
}

function keyOf(cid: Uint8Array): string {
  return Buffer.from(cid).toString("hex");
}
