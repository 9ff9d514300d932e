import { Command } from 'commander';
import { gatewayAt, tokenOption, urlOption, type GatewayClient, type GatewayOptions } from '../gateway-client.js';
import { amount, listFeatures, refusal, type EntityTypeName } from '../list-features.js';
import { askOutput } from '../job-output.js';
import { OperatorError } from '../../errors/operator-error.js';
import { featureReport, statisticsTable, STATISTICS_FIELDS, type Statistics } from '../statistics-tables.js';

interface StatsOptions extends GatewayOptions {
  readonly from?: string;
  readonly before?: string;
  readonly entityId?: readonly string[];
  readonly job?: string;
  readonly column?: readonly string[];
  readonly maxCostUsd?: number;
}

const QUERY = `query ($featurestore: String!, $entityType: String!, $feature: String!, $range: TimeRangeInput, $entityIds: [ID!], $maxCostUsd: Float) {
  featurestore(name: $featurestore) { entityType(name: $entityType) { feature(name: $feature) {
    valueType unit
    statistics(range: $range, entityIds: $entityIds, maxCostUsd: $maxCostUsd) { ${STATISTICS_FIELDS} } } } } }`;

/** `featuregraph stats`: a table of all features of an entity type, or a report about one. */
export function statsCommand(write: (text: string) => void): Command {
  return new Command('stats')
    .description('Print statistics of the feature values in a running gateway (docs/statistics.md).')
    .argument('[featurestore]', 'the featurestore')
    .argument('[entityType]', 'the entity type')
    .argument('[feature]', 'the feature; without it, all features')
    .option('--from <time>', 'the earliest event time, e.g. 2001-05-01T00:00:00Z')
    .option('--before <time>', 'the end of the range, exclusive')
    .option('--entity-id <id...>', 'only these entities')
    .option('--job <id>', 'instead of features: the output of a training set job or of a batch prediction job')
    .option('--column <name...>', 'with --job: only these columns')
    .option('--max-cost-usd <amount>', 'refuse each query with a higher estimate', amount)
    .addOption(urlOption())
    .addOption(tokenOption())
    .action(
      async (
        featurestore: string | undefined,
        entityType: string | undefined,
        feature: string | undefined,
        options: StatsOptions,
      ) => {
        const gateway = gatewayAt(options);
        if (options.job !== undefined) {
          if (featurestore !== undefined) throw new OperatorError('Name features or a job, not both.');
          write(outputReport(await askOutputStatistics(gateway, options.job, options)));
          return;
        }
        if (featurestore === undefined || entityType === undefined) {
          throw new OperatorError('Name a featurestore and an entity type, or a job by --job.');
        }
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
      },
    );
}

async function askStatistics(
  gateway: GatewayClient,
  place: EntityTypeName & { readonly feature: string },
  { from, before, entityId, maxCostUsd }: StatsOptions,
): Promise<Statistics> {
  const variables = { ...place, range: { from, before }, entityIds: entityId, maxCostUsd };
  const { featurestore } = await gateway.ask<{
    featurestore: { entityType: { feature: { valueType: string; unit: string | null; statistics: Statistics } } };
  }>(QUERY, variables);
  const { statistics, ...feature } = featurestore.entityType.feature;
  return { ...statistics, ...feature };
}

type ColumnStatistics = readonly {
  readonly column: string;
  readonly valueType: string | null;
  readonly statistics: Statistics;
}[];

/** The statistics of each column, by its name. */
async function askOutputStatistics(
  gateway: GatewayClient,
  job: string,
  { column, maxCostUsd }: StatsOptions,
): Promise<[string, Statistics][]> {
  const field = `statistics(columns: $columns, maxCostUsd: $maxCostUsd) { column valueType statistics { ${STATISTICS_FIELDS} } }`;
  const columns = await askOutput<ColumnStatistics>(gateway, job, {
    variables: '$columns: [String!], $maxCostUsd: Float',
    values: { columns: column, maxCostUsd },
    trainingSet: field,
    predictions: field,
  });
  return columns.map((found) => [
    found.column,
    { ...found.statistics, valueType: found.valueType ?? 'other', unit: null },
  ]);
}

/** One column has a report, several have a table. */
function outputReport(columns: readonly (readonly [string, Statistics])[]): string {
  const [first, ...others] = columns;
  return first && others.length === 0 ? featureReport(...first) : statisticsTable(columns, 'column');
}
