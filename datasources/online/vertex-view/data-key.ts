import type { protos } from '@google-cloud/aiplatform';
import { decodeEntityId, encodeEntityId } from '../../../values/entity-id.js';

export type DataKey = protos.google.cloud.aiplatform.v1.IFeatureViewDataKey;

/** A composite id goes in parts: how the service joins them is its own affair, and documented nowhere. */
export function toDataKey(entityId: string, columns: readonly string[]): DataKey {
  return columns.length === 1 ? { key: entityId } : { compositeKey: { parts: decodeEntityId(entityId, columns) } };
}

/** The entity id of a key in an answer. Answers of a stream come in any order and are matched by it. */
export function fromDataKey(key: DataKey | null | undefined): string {
  return key?.compositeKey ? encodeEntityId(key.compositeKey.parts ?? []) : (key?.key ?? '');
}
