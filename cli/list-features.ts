import { InvalidArgumentError } from 'commander';
import { OperatorError } from '../errors/operator-error.js';
import type { GatewayClient } from './gateway-client.js';

/** An entity type, as the commands name it. */
export interface EntityTypeName {
  readonly featurestore: string;
  readonly entityType: string;
}

const FEATURES = `query ($featurestore: String!, $entityType: String!, $after: String) {
  featurestore(name: $featurestore) { entityType(name: $entityType) {
    features(first: 100, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } } } }`;

interface FeaturesAnswer {
  readonly featurestore: {
    readonly entityType: {
      readonly features: {
        readonly nodes: readonly { readonly name: string }[];
        readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
      };
    };
  };
}

/** The names of all features of an entity type that the client may see. */
export async function listFeatures(gateway: GatewayClient, place: EntityTypeName): Promise<string[]> {
  const names: string[] = [];
  for (let after: string | null = null; ;) {
    const answer: FeaturesAnswer = await gateway.ask<FeaturesAnswer>(FEATURES, { ...place, after });
    const { nodes, pageInfo }: FeaturesAnswer['featurestore']['entityType']['features'] =
      answer.featurestore.entityType.features;
    names.push(...nodes.map(({ name }) => name));
    if (!pageInfo.hasNextPage) return names;
    after = pageInfo.endCursor;
  }
}

/** A feature that the gateway refused is a line of the table, and the others are printed. */
export function refusal(error: unknown): string {
  if (error instanceof OperatorError) return error.message.split('\n').slice(1).join(' ').trim() || error.message;
  throw error;
}

/** An option with an amount of US dollars. */
export function amount(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('It is an amount of US dollars.');
  return value;
}
