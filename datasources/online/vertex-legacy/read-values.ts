import type { protos } from '@google-cloud/aiplatform';
import { forEachConcurrent } from '../../../runtime/for-each-concurrent.js';
import { toDeadline, READ_POLICY, withRetry } from '../../google/retry-policy.js';
import { GRPC_STATUS, readGrpcCode } from '../../google/grpc-status.js';
import { toChunks } from '../../../runtime/to-chunks.js';
import type { WireValue } from '../../google/vertex/feature-value.js';
import type { VertexClients } from '../../google/vertex/vertex-clients.js';

type Response = protos.google.cloud.aiplatform.v1.IReadFeatureValuesResponse;

/** The service's own limit. */
const IDS_PER_STREAM = 100;
const MAX_CONCURRENT_CALLS = 8;

/**
 * Server streams are the exception to "the client retries nothing". After any error, even PERMISSION_DENIED, the client
 * starts the stream twice more, with pauses of a second and more. So retrying() decides the retries instead.
 */
const NO_HIDDEN_RETRIES = { noResponseRetries: 0 };

/** The values of an entity by feature id. A feature without a value is absent; an unknown entity has no features. */
export type LegacyRow = Map<string, WireValue>;

/** Reads the requested features of many entities of a legacy entity type. Every id has a row, which may be empty. */
export async function readLegacyValues(
  clients: VertexClients,
  entityType: string,
  entityIds: readonly string[],
  featureIds: readonly string[],
): Promise<Map<string, LegacyRow>> {
  const client = await clients.legacyValues();
  // The deadline of all calls together. It begins here, because the first read also loads the client, which takes
  // longer than a read may.
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

  // A stream may end without an answer for some of the ids. The service must answer a request for a single id.
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
 * Joins the messages of a response. The first message names the features in the order of the values of all entities. An
 * entity with much data may span several messages, each with some of its cells.
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
