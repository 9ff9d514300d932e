import { MAX_ENTITY_ID_BYTES } from '../../../values/entity-id.js';
import { textSize, writeText } from '../../../runtime/write-bytes.js';

/** One buffer for each length: making a buffer takes longer than a read of LMDB. */
const buffers: (Buffer | undefined)[] = [];

/** The key of an entity's row, for a call of LMDB that copies it. It is valid until the next call. */
export function toKey(entityId: string): Buffer {
  const size = textSize(entityId);
  if (size > MAX_ENTITY_ID_BYTES) return Buffer.from(entityId);
  const key = (buffers[size] ??= Buffer.alloc(size));
  writeText(entityId, key, 0);
  return key;
}
