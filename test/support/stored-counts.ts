import { ask } from './ask.js';

const HISTORY = `query ($id: ID!, $after: String) {
  entity(featurestore: "shop", entityType: "customer", entityId: $id) {
    history(feature: "count", first: 100, after: $after) { nodes { timestamp value } pageInfo { hasNextPage endCursor } }
  }
}`;
const NEWEST = `query ($ids: [ID!]!) {
  entities(featurestore: "shop", entityType: "customer", entityIds: $ids) { features { value timestamp } }
}`;

export interface StoredValue {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly value: number;
}

/** The whole history of an entity, the newest first: a value for each moment. */
export async function readHistory(url: string, id: string): Promise<StoredValue[]> {
  const found: StoredValue[] = [];
  let after: string | null = null;
  do {
    const { entity } = await ask(url, HISTORY, { id, after });
    const { nodes, pageInfo } = entity.history;
    found.push(...nodes.map(toStored));
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
  return found;
}

/** The served values of some entities. */
export async function readNewest(url: string, ids: readonly string[]): Promise<StoredValue[]> {
  const { entities } = await ask(url, NEWEST, { ids });
  return entities.map(({ features: [count] }: any) => toStored(count));
}

function toStored({ timestamp, value }: { readonly timestamp: string; readonly value: string }): StoredValue {
  return { at: Date.parse(timestamp), value: Number(value) };
}
