import { badInput } from '../errors/app-error.js';

/**
 * An entity id is one string. For an entity type with one id column, it is the unchanged value of that column.
 *
 * For a composite id, commas join the parts: origin "SFO" and destination "JFK" are `SFO,JFK`. A comma or percent sign
 * inside a part is percent-encoded: ("1","11") is `1,11`, ("11","1") is `11,1` and ("1,1","1") is `1%2C1,1`. So two
 * different entities never share an id. (Other systems have the bug of joining the parts without a separator, which
 * merges entities.)
 */
export function encodeEntityId(parts: readonly string[]): string {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return parts.map((part) => part.replaceAll('%', '%25').replaceAll(',', '%2C')).join(',');
}

/**
 * The longest entity id in UTF-8 bytes. LMDB keys have at most 1978 bytes; the difference is a margin for their
 * encoding.
 */
export const MAX_ENTITY_ID_BYTES = 1500;

/**
 * Splits an id into the values of its columns; refuses an id that is empty, too long, not Unicode text, or has the
 * wrong number of parts.
 */
export function decodeEntityId(entityId: string, columns: readonly string[]): string[] {
  checkText(entityId);
  if (columns.length === 1) return [entityId];
  const parts = entityId.split(',');
  if (parts.length !== columns.length) {
    throw badInput(
      `The id "${entityId}" has ${parts.length} ${parts.length === 1 ? 'part' : 'parts'}, but this entity type takes ${columns.length}: ` +
        `${columns.join(',')}. Write a comma inside a part as %2C and a percent sign as %25.`,
      'entityId',
    );
  }
  return parts.map((part) => part.replaceAll(/%2C/gi, ',').replaceAll('%25', '%'));
}

/** Refuses an id that `decodeEntityId` refuses. Each written row is checked: an id of one column needs no list of parts. */
export function checkEntityId(entityId: string, columns: readonly string[]): void {
  if (columns.length === 1) checkText(entityId);
  else decodeEntityId(entityId, columns);
}

function checkText(entityId: string): void {
  if (entityId === '') throw badInput('An entity id must not be empty.', 'entityId');
  // UTF-8 cannot encode half of a surrogate pair: the stores would write U+FFFD instead and read the entity with that
  // id.
  if (!entityId.isWellFormed()) {
    throw badInput('An entity id is Unicode text: it has half of a surrogate pair.', 'entityId');
  }
  // A character has at most three bytes for each of its units.
  if (entityId.length * 3 > MAX_ENTITY_ID_BYTES && Buffer.byteLength(entityId) > MAX_ENTITY_ID_BYTES) {
    throw badInput(`An entity id has at most ${MAX_ENTITY_ID_BYTES} bytes in UTF-8.`, 'entityId');
  }
}

/** The canonical form of an id: `%2c` and `%2C` are the same entity and must be the same key. */
export function canonicalEntityId(entityId: string, columns: readonly string[]): string {
  if (columns.length === 1) {
    checkText(entityId);
    return entityId;
  }
  return encodeEntityId(decodeEntityId(entityId, columns));
}
