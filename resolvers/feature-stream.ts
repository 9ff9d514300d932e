import type { EntityType } from '../datasources/registry/model.js';
import type { WatchedStream } from '../ingestion/streams/stream-status.js';
import type { FeatureStream } from '../schema/registry/feature-stream.js';
import { secondsBetween, type Instant } from '../values/instant.js';

type StreamAnswer = Omit<FeatureStream, 'entityType'> & { readonly entityType: EntityType };

/** A stream as clients see it. */
export async function describeStream(watched: WatchedStream, now: Instant): Promise<StreamAnswer> {
  const { stream, status } = watched;
  const { state, counts, lastError, oldestWaiting } = status;
  return {
    name: stream.name,
    kind: stream.source.kind,
    entityType: stream.entityType,
    state,
    received: BigInt(counts.received),
    written: BigInt(counts.written),
    duplicates: BigInt(counts.duplicates),
    quarantined: BigInt(counts.quarantined),
    deadLettered: BigInt(counts.deadLettered),
    lagMessages: await watched.lag(),
    // A broker's clock may be ahead of ours.
    lagSeconds: oldestWaiting === null ? 0 : Math.max(0, secondsBetween(oldestWaiting, now)),
    lastError,
  };
}
