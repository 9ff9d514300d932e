import { retrying, WRITE_POLICY } from '../../vertex/call-policy.js';
import { encodeValue, type WireValue } from '../../vertex/feature-value.js';
import type { VersionedValue } from '../../vertex/newest-values.js';
import { toProtoTime } from '../../vertex/proto-time.js';
import type { VertexClients } from '../../vertex/vertex-clients.js';

interface Payload {
  readonly entityId: string;
  readonly featureValues: Readonly<Record<string, WireValue>>;
}

/** Half of what the service takes in a request (1 MB): the size of a message is only estimated here. */
const BYTES_PER_REQUEST = 500_000;

/**
 * Writes values into a legacy entity type. Each carries its own time: the same request again writes the same cells, and
 * without a time it would write new versions of them.
 */
export async function writeLegacyValues(
  clients: VertexClients,
  entityType: string,
  entities: ReadonlyMap<string, ReadonlyMap<string, VersionedValue>>,
): Promise<void> {
  const client = await clients.legacyValues();
  for (const payloads of requestsOf(entities)) {
    await retrying(WRITE_POLICY, (timeout) => client.writeFeatureValues({ entityType, payloads }, { timeout }));
  }
}

function* requestsOf(
  entities: ReadonlyMap<string, ReadonlyMap<string, VersionedValue>>,
): Generator<Payload[], void, undefined> {
  let payloads: Payload[] = [];
  let bytes = 0;
  for (const [entityId, values] of entities) {
    const payload = payloadOf(entityId, values);
    const size = sizeOf(payload);
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

function payloadOf(entityId: string, values: ReadonlyMap<string, VersionedValue>): Payload {
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

/** As JSON, in which every value is at least as long as on the wire, up to the letters that UTF-8 writes in three bytes. */
function sizeOf(payload: Payload): number {
  return Buffer.byteLength(JSON.stringify(payload));
}
