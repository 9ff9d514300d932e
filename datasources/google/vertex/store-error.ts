import { toStoreError } from '../store-error.js';

/** What a reader or writer of a store in Vertex AI is told of a call that failed. */
export function toVertexStoreError(featurestore: string, error: unknown): unknown {
  return toStoreError(`The online store of featurestore "${featurestore}"`, error);
}
