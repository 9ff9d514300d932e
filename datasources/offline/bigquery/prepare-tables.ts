import type { BigQuery } from '@google-cloud/bigquery';
import { OperatorError } from '../../../errors/operator-error.js';
import type { BigQuerySettings, FeatureSource } from '../../registry/model.js';
import type { BigQueryTable } from '../point-in-time/bigquery-table.js';
import { columnFaults, columnsOf, layoutOf, tableIdOf, type TableColumn, type TableMetadata } from './source-table.js';
import { hasStatus } from './store-error.js';

/**
 * The tables of the sources as they are read, all faults reported at once. Where the registry lets us (`createTables`), a
 * table that is not there is made, partitioned by day of the event time and clustered by the id, and columns of new
 * features are added.
 */
export async function prepareTables(
  client: BigQuery,
  settings: BigQuerySettings,
  sources: readonly FeatureSource[],
): Promise<ReadonlyMap<FeatureSource, BigQueryTable>> {
  await checkDataset(client, settings);
  const faults = sharedTables(sources);
  const layouts = new Map<FeatureSource, BigQueryTable>();
  for (const source of sources) {
    const columns = await preparedColumns(client, settings, source);
    const found = columns === undefined ? ['it is not there'] : columnFaults(source, columns);
    faults.push(...found.map((fault) => `table "${tableIdOf(source)}": ${fault}`));
    if (columns) layouts.set(source, layoutOf(source, columns, settings));
  }
  if (faults.length > 0) {
    throw new OperatorError(
      `The BigQuery dataset "${settings.dataset}" does not fit the registry. ` +
        'Change the registry or the tables; createTables: true makes what is missing:',
      faults,
    );
  }
  return layouts;
}

async function checkDataset(client: BigQuery, settings: BigQuerySettings): Promise<void> {
  const summary = `The BigQuery dataset "${settings.dataset}" of project "${settings.project}" cannot be read.`;
  const answer: unknown[] = await client
    .dataset(settings.dataset)
    .getMetadata()
    .catch((cause: unknown) => {
      const advice = hasStatus(cause, 404)
        ? 'There is no dataset of that name.'
        : 'Check the credentials and roles (docs/google-cloud-bigquery.md).';
      throw new OperatorError(`${summary} ${advice}`, [], { cause });
    });
  const { location: actual = '' } = answer[0] as { location?: string };
  if (actual.toLowerCase() !== settings.location.toLowerCase()) {
    throw new OperatorError(
      `The BigQuery dataset "${settings.dataset}" is in ${actual}, the registry says ${settings.location}: ` +
        'a query finds a dataset only in its own location.',
    );
  }
}

/** Undefined when there is no table and none may be made. */
async function preparedColumns(
  client: BigQuery,
  settings: BigQuerySettings,
  source: FeatureSource,
): Promise<readonly TableColumn[] | undefined> {
  const table = client.dataset(settings.dataset).table(tableIdOf(source));
  const wanted = columnsOf(source);
  const stored = await table.getMetadata().then(
    ([metadata]) => (metadata as TableMetadata).schema?.fields ?? [],
    (error: unknown) => {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    },
  );
  if (!settings.createTables) return stored;
  if (stored === undefined) {
    await table.create({
      schema: { fields: wanted },
      ...(source.timestampColumn === null ? {} : { timePartitioning: { type: 'DAY', field: source.timestampColumn } }),
      // BigQuery clusters by at most four columns.
      clustering: { fields: source.entityType.entityIdColumns.slice(0, 4) },
    });
    return wanted;
  }
  const isNew = ({ name }: TableColumn): boolean =>
    !stored.some((column) => column.name === name) && source.features.some((feature) => feature.name === name);
  const added = wanted.filter(isNew);
  if (added.length === 0) return stored;
  const columns = [...stored, ...added];
  await table.setMetadata({ schema: { fields: columns } });
  return columns;
}

/** Two sources in one table would read each other's rows. */
function sharedTables(sources: readonly FeatureSource[]): string[] {
  return [...Map.groupBy(sources, tableIdOf)]
    .filter(([, sharing]) => sharing.length > 1)
    .map(([table, sharing]) => {
      const names = sharing.map((source) => `${source.entityType.name}.${source.name}`);
      return `table "${table}" is of several sources: ${names.join(', ')}; give each its own by bigQueryTable`;
    });
}
