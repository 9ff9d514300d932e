import type { protos } from '@google-cloud/aiplatform';
import { decodeEntityId, encodeEntityId } from '../../../values/entity-id.js';

export type DataKey = protos.google.cloud.aiplatform.v1.IFeatureViewDataKey;

/** A composite id is sent in parts, because the service does not document how it joins them. */
export function toDataKey(entityId: string, columns: readonly string[]): DataKey {
  return columns.length === 1 ? { key: entityId } : { compositeKey: { parts: decodeEntityId(entityId, columns) } };
}

/**
 * The entity id of a key in a response. The responses of a stream come in any order; this id matches them to requests.
 */
export function fromDataKey(key: DataKey | null | undefined): string {
  return key?.compositeKey ? encodeEntityId(key.compositeKey.parts ?? []) : (key?.key ?? '');
}
