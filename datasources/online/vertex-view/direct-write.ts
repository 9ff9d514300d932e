import type { protos } from '@google-cloud/aiplatform';
import { withRetry, WRITE_POLICY } from '../../google/retry-policy.js';
import { GRPC_STATUS, GrpcStatusError, isTransient } from '../../google/grpc-status.js';
import { toChunks } from '../../../runtime/to-chunks.js';
import { encodeValue } from '../../google/vertex/feature-value.js';
import type { VersionedValue } from '../../google/vertex/newest-values.js';
import { toProtoTime } from '../../google/vertex/proto-time.js';
import type { VertexClients } from '../../google/vertex/vertex-clients.js';
import { toDataKey, fromDataKey } from './data-key.js';

type WriteResponse = protos.google.cloud.aiplatform.v1.IFeatureViewDirectWriteResponse;

const KEYS_PER_MESSAGE = 50;

/**
 * Writes values into a feature view and resolves when the service has confirmed every entity. Each value has its own
 * time, so repeating a write after a lost response writes the same cell and no value is doubled. A retry sends only
 * entities that are not confirmed.
 */
export async function writeDirectly(
  clients: VertexClients,
  view: string,
  entities: ReadonlyMap<string, ReadonlyMap<string, VersionedValue>>,
  idColumns: readonly string[],
): Promise<void> {
  const client = await clients.featureViews();
  const waiting = new Map(
    [...entities].map(([entityId, values]) => [
      entityId,
      { dataKey: toDataKey(entityId, idColumns), features: [...values.values()].map(wireFeature) },
    ]),
  );
  await withRetry(WRITE_POLICY, async (timeout) => {
    let failure: GrpcStatusError | undefined;
    await new Promise<void>((resolve, reject) => {
      const headers = { 'x-goog-request-params': `feature_view=${encodeURIComponent(view)}` };
      const stream = client.featureViewDirectWrite({ timeout, otherArgs: { headers } });
      stream.on('data', ({ status, writeResponses }: WriteResponse) => {
        const code = status?.code ?? 0;
        if (code === 0) for (const { dataKey } of writeResponses ?? []) waiting.delete(fromDataKey(dataKey));
        // Reports a permanent error of one entity to the caller; a retry may resolve a transient one.
        else if (!failure || isTransient(failure)) failure = new GrpcStatusError(code, status?.message ?? '');
      });
      stream.on('error', reject);
      stream.on('end', resolve);
      for (const values of toChunks([...waiting.values()], KEYS_PER_MESSAGE)) {
        stream.write({ featureView: view, dataKeyAndFeatureValues: values });
      }
      stream.end();
    });
    if (failure) throw failure;
    // A stream that ends early does not tell the result of the remaining entities.
    if (waiting.size > 0)
      throw new GrpcStatusError(GRPC_STATUS.UNAVAILABLE, `${waiting.size} entities were not confirmed`);
  });
}

/** A static value has no time of its own. The service gives it the time of writing, and reads omit that time. */
function wireFeature({ feature, value, version }: VersionedValue) {
  const metadata = version.timestamp === null ? {} : { metadata: { generateTime: toProtoTime(version.timestamp) } };
  return { name: feature.name, value: { ...encodeValue(feature.valueType, value), ...metadata } };
}
