import type { ToldSource } from '../composition/diagnose-freshness.js';
import type { GatewayClient } from './gateway-client.js';

const SOURCES = `query ($after: String) { featurestores(after: $after) {
  pageInfo { hasNextPage endCursor }
  nodes { name entityTypes { name sources { name isComputed isBehind } } } } }`;

interface Page {
  readonly featurestores: {
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    readonly nodes: readonly {
      readonly name: string;
      readonly entityTypes: readonly {
        readonly name: string;
        readonly sources: readonly {
          readonly name: string;
          readonly isComputed: boolean;
          readonly isBehind: boolean;
        }[];
      }[];
    }[];
  };
}

/** Asks a running gateway which of its computed sources are behind. */
export async function askSources(gateway: GatewayClient): Promise<ToldSource[]> {
  const told: ToldSource[] = [];
  let after: string | null = null;
  do {
    const { featurestores }: Page = await gateway.ask<Page>(SOURCES, { after });
    for (const { name: featurestore, entityTypes } of featurestores.nodes) {
      for (const { name: entityType, sources } of entityTypes) {
        for (const { name: source, isComputed, isBehind } of sources) {
          if (isComputed) told.push({ featurestore, entityType, source, isBehind });
        }
      }
    }
    after = featurestores.pageInfo.hasNextPage ? featurestores.pageInfo.endCursor : null;
  } while (after !== null);
  return told;
}
