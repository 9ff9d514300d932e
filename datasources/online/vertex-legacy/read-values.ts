import type { protos } from '@google-cloud/aiplatform';
import { forEachConcurrent } from '../../../runtime/for-each-concurrent.js';
import { toDeadline, READ_POLICY, withRetry } from '../../google/call-policy.js';
import { GRPC_STATUS, readGrpcCode } from '../../google/grpc-status.js';
import { toChunks } from '../../../runtime/to-chunks.js';
import type { WireValue } from '../../google/vertex/feature-value.js';
import type { VertexClients } from '../../google/vertex/vertex-clients.js';

type Response = protos.google.cloud.aiplatform.v1.IReadFeatureValuesResponse;

/** The service's own limit. */
const IDS_PER_STREAM = 100;
const MAX_CONCURRENT_CALLS = 8;

/**
 * Streams of the service's side are the exception to "the client retries nothing": after any error, a refused permission
 * too, the client begins twice again, with pauses of a second and more. What is tried again is decided in retrying().
 */
const NO_HIDDEN_RETRIES = { noResponseRetries: 0 };

/** The values of an entity by feature id. A feature without one is not in it, nor is there any of an unknown entity. */
export type LegacyRow = Map<string, WireValue>;

/** Reads the asked features of many entities of a legacy entity type. Every id has a row, if an empty one. */
export async function readLegacyValues(
  clients: VertexClients,
  entityType: string,
  entityIds: readonly string[],
  featureIds: readonly string[],
): Promise<Map<string, LegacyRow>> {
  const client = await clients.legacyValues();
  // Of all calls together, and counted from here: loading the client takes the first read longer than a read may.
  const end = toDeadline(READ_POLICY);
  const featureSelector = { idMatcher: { ids: [...featureIds] } };
  const rows = new Map<string, LegacyRow>();

  await forEachConcurrent(toChunks(entityIds, IDS_PER_STREAM), MAX_CONCURRENT_CALLS, async (ids) => {
    const readChunk = async (timeout: number): Promise<Map<string, LegacyRow>> => {
      const reader = new AnswerReader();
      const stream = client.streamingReadFeatureValues(
        { entityType, entityIds: ids, featureSelector },
        { timeout, retryRequestOptions: NO_HIDDEN_RETRIES },
      );
      for await (const response of stream as AsyncIterable<Response>) reader.add(response);
      return reader.rows;
    };
    const ofChunk = await withRetry(READ_POLICY, readChunk, end);
    for (const [entityId, row] of ofChunk) rows.set(entityId, row);
  });

  // A stream may end without a word about some of the ids. One by one the service must say something of each.
  const unanswered = entityIds.filter((entityId) => !rows.has(entityId));
  await forEachConcurrent(unanswered, MAX_CONCURRENT_CALLS, async (entityId) => {
    const reader = new AnswerReader();
    try {
      const request = { entityType, entityId, featureSelector };
      const [response] = await withRetry(READ_POLICY, (timeout) => client.readFeatureValues(request, { timeout }), end);
      reader.add(response);
    } catch (error) {
      if (readGrpcCode(error) !== GRPC_STATUS.NOT_FOUND) throw error;
    }
    rows.set(entityId, reader.rows.get(entityId) ?? new Map<string, WireValue>());
  });
  return rows;
}

/**
 * Puts the messages of an answer together. The first one names the features, in the order in which the values of all
 * entities come; an entity with much data may be spread over several, each with some of its cells filled.
 */
class AnswerReader {
  readonly rows = new Map<string, LegacyRow>();
  #featureIds: readonly string[] = [];

  add({ header, entityView }: Response): void {
    if (header?.featureDescriptors?.length) this.#featureIds = header.featureDescriptors.map(({ id }) => id ?? '');
    if (!entityView?.entityId) return;
    let row = this.rows.get(entityView.entityId);
    if (!row) this.rows.set(entityView.entityId, (row = new Map<string, WireValue>()));
    for (const [index, { value }] of (entityView.data ?? []).entries()) {
      const featureId = this.#featureIds[index];
      if (value && featureId !== undefined) row.set(featureId, value);
    }
  }
}
