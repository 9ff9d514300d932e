import { Command, InvalidArgumentError } from 'commander';
import { OperatorError } from '../../errors/operator-error.js';
import { DEFAULT_URL, gatewayAt, tokenOption, type GatewayClient, type GatewayOptions } from '../gateway-client.js';
import { featureReport, statisticsTable, STATISTICS_FIELDS, type Statistics } from '../statistics-tables.js';

interface StatsOptions extends GatewayOptions {
  readonly from?: string;
  readonly before?: string;
  readonly entityId?: readonly string[];
  readonly maxCostUsd?: number;
}

const QUERY = `query ($featurestore: String!, $entityType: String!, $feature: String!, $range: TimeRangeInput, $entityIds: [ID!], $maxCostUsd: Float) {
  featurestore(name: $featurestore) { entityType(name: $entityType) { feature(name: $feature) {
    valueType unit
    statistics(range: $range, entityIds: $entityIds, maxCostUsd: $maxCostUsd) { ${STATISTICS_FIELDS} } } } } }`;

const FEATURES = `query ($featurestore: String!, $entityType: String!, $after: String) {
  featurestore(name: $featurestore) { entityType(name: $entityType) {
    features(first: 100, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } } } }`;

/** `featuregraph stats`: a table of all features of an entity type, or a report about one. */
export function statsCommand(write: (text: string) => void): Command {
  return new Command('stats')
    .description('Print statistics of the feature values in a running gateway (docs/statistics.md).')
    .argument('<featurestore>', 'the featurestore')
    .argument('<entityType>', 'the entity type')
    .argument('[feature]', 'the feature; without it, all features')
    .option('--from <time>', 'the earliest event time, e.g. 2001-05-01T00:00:00Z')
    .option('--before <time>', 'the end of the range, exclusive')
    .option('--entity-id <id...>', 'only these entities')
    .option('--max-cost-usd <amount>', 'refuse each query with a higher estimate', amount)
    .option('--url <url>', 'the gateway', DEFAULT_URL)
    .addOption(tokenOption())
    .action(async (featurestore: string, entityType: string, feature: string | undefined, options: StatsOptions) => {
      const gateway = gatewayAt(options);
      const place = { featurestore, entityType };
      if (feature !== undefined) {
        write(featureReport(feature, await askStatistics(gateway, { ...place, feature }, options)));
        return;
      }
      const rows: [string, Statistics | string][] = [];
      // One after another: each reads a whole history.
      for (const name of await listFeatures(gateway, place)) {
        rows.push([name, await askStatistics(gateway, { ...place, feature: name }, options).catch(refusal)]);
      }
      write(statisticsTable(rows));
    });
}

interface Place {
  readonly featurestore: string;
  readonly entityType: string;
}

async function askStatistics(
  gateway: GatewayClient,
  place: Place & { readonly feature: string },
  { from, before, entityId, maxCostUsd }: StatsOptions,
): Promise<Statistics> {
  const variables = { ...place, range: { from, before }, entityIds: entityId, maxCostUsd };
  const { featurestore } = await gateway.ask<{
    featurestore: { entityType: { feature: { valueType: string; unit: string | null; statistics: Statistics } } };
  }>(QUERY, variables);
  const { statistics, ...feature } = featurestore.entityType.feature;
  return { ...statistics, ...feature };
}

async function listFeatures(gateway: GatewayClient, place: Place): Promise<string[]> {
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

/** A feature that the client may not read is a line of the table, and the others are printed. */
function refusal(error: unknown): string {
  if (error instanceof OperatorError) return error.message.split('\n').slice(1).join(' ').trim() || error.message;
  throw error;
}

function amount(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('It is an amount of US dollars.');
  return value;
}
