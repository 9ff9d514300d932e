import type { protos } from '@google-cloud/aiplatform';
import { forEachConcurrent } from '../../../runtime/for-each-concurrent.js';
import { toChunks } from '../../../runtime/to-chunks.js';
import { READ_POLICY, withRetry } from '../../google/retry-policy.js';
import { GRPC_STATUS, readGrpcCode, GrpcStatusError } from '../../google/grpc-status.js';
import type { WireValue } from '../../google/vertex/feature-value.js';
import type { VertexClients } from '../../google/vertex/vertex-clients.js';
import { toDataKey, fromDataKey } from './data-key.js';

type FetchResponse = protos.google.cloud.aiplatform.v1.IFetchFeatureValuesResponse;
type StreamResponse = protos.google.cloud.aiplatform.v1beta1.IStreamingFetchFeatureValuesResponse;

/** All features of an entity in a view, by name: the service cannot select features. */
export type ViewRow = ReadonlyMap<string, WireValue>;

/**
 * Each message of the stream is one read of the service, so keys travel together, and the service runs large reads in
 * parallel.
 */
const KEYS_PER_MESSAGE = 100;
/** fetchFeatureValues takes one entity. Its quota of 5,000 a second applies to all callers of a project in a region. */
const MAX_CONCURRENT_FETCHES = 16;

/** Reads rows of a feature view. null means that the view does not have the entity. */
export class ViewReader {
  readonly #clients: VertexClients;
  #hasStream: boolean;

  /** `usePreview` false restricts reads to generally available methods: one request per entity. */
  constructor(clients: VertexClients, usePreview: boolean) {
    this.#clients = clients;
    this.#hasStream = usePreview;
  }

  /** Loads the clients. Otherwise the first read would load them, which takes longer than a read may. */
  async ready(): Promise<void> {
    await this.#clients.featureViews();
    if (this.#hasStream) await this.#clients.featureViewsPreview();
  }

  /** `end`: the deadline of the whole read (retry-policy.ts), whatever its number of calls. */
  async read(
    view: string,
    entityIds: readonly string[],
    idColumns: readonly string[],
    end: number,
  ): Promise<Map<string, ViewRow | null>> {
    const rows = new Map<string, ViewRow | null>();
    const missing = (): string[] => entityIds.filter((entityId) => !rows.has(entityId));
    if (this.#hasStream && entityIds.length > 1) {
      try {
        // Rows that arrived before a stream broke stay valid; the retry requests only the others.
        await withRetry(READ_POLICY, (timeout) => this.#stream(view, missing(), idColumns, timeout, rows), end);
      } catch (error) {
        const code = readGrpcCode(error);
        // The error concerns the whole view and not one key. The request of each key returns the same error, and the
        // caller interprets it.
        if (code === GRPC_STATUS.NOT_FOUND) return new Map(entityIds.map((entityId) => [entityId, null]));
        if (code !== GRPC_STATUS.UNIMPLEMENTED) throw error;
        this.#hasStream = false;
      }
    }
    // Without a stream: all keys. After a stream: those for which it ended without an answer.
    await forEachConcurrent(missing(), MAX_CONCURRENT_FETCHES, async (entityId) => {
      rows.set(entityId, await this.#fetch(view, entityId, idColumns, end));
    });
    return rows;
  }

  async #fetch(view: string, entityId: string, idColumns: readonly string[], end: number): Promise<ViewRow | null> {
    const client = await this.#clients.featureViews();
    // KEY_VALUE: the other format is JSON, whose numbers are doubles, so an INT64 above 2^53 would change.
    const request = { featureView: view, dataKey: toDataKey(entityId, idColumns), dataFormat: 'KEY_VALUE' } as const;
    try {
      const [response] = await withRetry(
        READ_POLICY,
        (timeout) => client.fetchFeatureValues(request, { timeout }),
        end,
      );
      return toRow(response);
    } catch (error) {
      if (readGrpcCode(error) === GRPC_STATUS.NOT_FOUND) return null;
      throw error;
    }
  }

  /** Sends all keys, then closes its side; resolves when the service has closed the other. */
  async #stream(
    view: string,
    entityIds: readonly string[],
    idColumns: readonly string[],
    timeout: number,
    rows: Map<string, ViewRow | null>,
  ): Promise<void> {
    const client = await this.#clients.featureViewsPreview();
    await new Promise<void>((resolve, reject) => {
      // The client sends routing headers only with unary requests; a stream must set them itself.
      const headers = { 'x-goog-request-params': `feature_view=${encodeURIComponent(view)}` };
      const stream = client.streamingFetchFeatureValues({ timeout, otherArgs: { headers } });
      let failure: GrpcStatusError | undefined;
      stream.on('data', (response: StreamResponse) => {
        for (const entity of response.data ?? []) rows.set(fromDataKey(entity.dataKey), toRow(entity));
        const { code = 0, message } = response.status ?? {};
        for (const key of response.dataKeysWithError ?? []) {
          if (code === GRPC_STATUS.NOT_FOUND) rows.set(fromDataKey(key), null);
          else failure = new GrpcStatusError(code ?? 0, message ?? '');
        }
      });
      stream.on('error', reject);
      stream.on('end', () => {
        if (failure) reject(failure);
        else resolve();
      });
      for (const keys of toChunks(entityIds, KEYS_PER_MESSAGE)) {
        stream.write({
          featureView: view,
          dataKeys: keys.map((entityId) => toDataKey(entityId, idColumns)),
          dataFormat: 'KEY_VALUE',
        });
      }
      stream.end();
    });
  }
}

/** A response without any feature means that the entity does not exist. */
function toRow(response: FetchResponse): ViewRow | null {
  const features = response.keyValues?.features ?? [];
  return features.length === 0 ? null : new Map(features.map(({ name, value }) => [name ?? '', value ?? {}]));
}
