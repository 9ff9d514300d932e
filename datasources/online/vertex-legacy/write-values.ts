import { badInput } from '../../../errors/app-error.js';
import { formatInstant, type Instant } from '../../../values/instant.js';
import { withRetry, WRITE_POLICY } from '../../google/retry-policy.js';
import { encodeValue, type WireValue } from '../../google/vertex/feature-value.js';
import type { VersionedValue } from '../../google/vertex/newest-values.js';
import { toProtoTime } from '../../google/vertex/proto-time.js';
import type { VertexClients } from '../../google/vertex/vertex-clients.js';

interface Payload {
  readonly entityId: string;
  readonly featureValues: Readonly<Record<string, WireValue>>;
}

/**
 * Half of the service's limit for a request (1 MB), because the size of a message is only an estimate. The service also
 * allows 100,000 values, which a request never reaches: a value with its name has over 20 bytes.
 */
const BYTES_PER_REQUEST = 500_000;

const DAY = 86_400_000_000n;
const DAYS_BACK = 1825n;
const DAYS_AHEAD = 366n;

/**
 * The service rejects such a value together with all later values of its request, after it has written the earlier
 * ones.
 */
export function assertTimesInRange(
  entities: ReadonlyMap<string, ReadonlyMap<string, VersionedValue>>,
  now: Instant,
): void {
  for (const values of entities.values()) {
    for (const { version } of values.values()) {
      const fault = findTimeFault(version.timestamp, now);
      if (fault !== undefined) throw badInput(fault, 'timestamp');
    }
  }
}

/** Why the service takes no value of this time; undefined when it does. */
export function findTimeFault(time: Instant | null, now: Instant): string | undefined {
  if (time === null || (time >= now - DAYS_BACK * DAY && time <= now + DAYS_AHEAD * DAY)) return undefined;
  return (
    `The time ${formatInstant(time)} is more than ${DAYS_BACK} days ago or ${DAYS_AHEAD} days ahead, and the legacy ` +
    'feature store takes no such value. Write it into the table of the offline store.'
  );
}

/**
 * Writes values into a legacy entity type. Each value has its own time, so a repeated request writes the same cells.
 * Without a time it would write new versions of them.
 */
export async function writeLegacyValues(
  clients: VertexClients,
  entityType: string,
  entities: ReadonlyMap<string, ReadonlyMap<string, VersionedValue>>,
): Promise<void> {
  const client = await clients.legacyValues();
  for (const payloads of batchRequests(entities)) {
    await withRetry(WRITE_POLICY, (timeout) => client.writeFeatureValues({ entityType, payloads }, { timeout }));
  }
}

function* batchRequests(
  entities: ReadonlyMap<string, ReadonlyMap<string, VersionedValue>>,
): Generator<Payload[], void, undefined> {
  let payloads: Payload[] = [];
  let bytes = 0;
  for (const [entityId, values] of entities) {
    const payload = toPayload(entityId, values);
    const size = estimatePayloadBytes(payload);
    if (payloads.length > 0 && bytes + size > BYTES_PER_REQUEST) {
      yield payloads;
      payloads = [];
      bytes = 0;
    }
    payloads.push(payload);
    bytes += size;
  }
  yield payloads;
}

function toPayload(entityId: string, values: ReadonlyMap<string, VersionedValue>): Payload {
  return {
    entityId,
    featureValues: Object.fromEntries(
      [...values].map(([name, { feature, value, version }]) => [
        name,
        {
          ...encodeValue(feature.valueType, value),
          ...(version.timestamp === null ? {} : { metadata: { generateTime: toProtoTime(version.timestamp) } }),
        },
      ]),
    ),
  };
}

/**
 * The size as JSON. Every value is at least as long in JSON as on the wire, except for letters that take three bytes in
 * UTF-8.
 */
function estimatePayloadBytes(payload: Payload): number {
  return Buffer.byteLength(JSON.stringify(payload));
}
