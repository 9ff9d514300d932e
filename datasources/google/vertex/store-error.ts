import { toStoreError } from '../store-error.js';

/** The error of a failed call to a store in Vertex AI, for its reader or writer. */
export function toVertexStoreError(featurestore: string, error: unknown): unknown {
  return toStoreError(`The online store of featurestore "${featurestore}"`, error);
}
