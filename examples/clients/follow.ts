import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';

const FOLLOW = `subscription ($ids: [ID!]!, $after: String) {
  featureValues(featurestore: "shop", entityType: "customer", entityIds: $ids, after: $after) {
    cursor
    written { entityId name value timestamp isNewest }
  }
}`;

export interface Event {
  readonly cursor: string | null;
  readonly written: readonly { readonly entityId: string; readonly name: string; readonly value: unknown }[];
}

/** Calls `handle` with each event, and goes on at the last cursor after a lost connection. */
export async function follow(url: string, ids: readonly string[], handle: (event: Event) => unknown): Promise<never> {
  // It does not subscribe again by itself: it would send the old cursor.
  const client = createClient({ url: url.replace(/^http/, 'ws'), retryAttempts: 0 });
  const variables: { ids: readonly string[]; after: string | null } = { ids, after: null };
  for (;;) {
    try {
      const events = client.iterate<{ featureValues: Event }>({ query: FOLLOW, variables: { ...variables } });
      for await (const { data, errors } of events) {
        if (!data) throw new Error(JSON.stringify(errors));
        await handle(data.featureValues);
        variables.after = data.featureValues.cursor;
      }
    } catch (error) {
      // The gateway refused the subscription, e.g. with CURSOR_EXPIRED. Otherwise the connection is lost.
      if (Array.isArray(error) || error instanceof Error) throw error;
    }
    await sleep(1000);
  }
}
