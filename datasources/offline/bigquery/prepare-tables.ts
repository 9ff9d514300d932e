import { toErrorMessage } from '../../../errors/error-message.js';
import type { BigQuery } from '@google-cloud/bigquery';
import { OperatorError } from '../../../errors/operator-error.js';
import type { BigQuerySettings, FeatureSource } from '../../registry/model.js';
import type { BigQueryTable } from '../point-in-time/bigquery/table.js';
import { resolveTableAddress, expectedColumns, readTableLayout, tableFaults, tableName } from './source-table.js';
import {
  formatTablePath,
  readTable,
  tableAt,
  type TableColumn,
  type TableMetadata,
} from '../../google/bigquery/tables.js';
import { hasStatus } from '../../google/bigquery/api-error.js';

/**
 * Prepares the tables of the sources, and reports all faults at once. Where the registry allows it (`createTables`), it
 * creates a missing table, partitioned by day of the event time and clustered by the id, and adds columns for new
 * features.
 */
export async function prepareTables(
  client: BigQuery,
  settings: BigQuerySettings,
  sources: readonly FeatureSource[],
): Promise<ReadonlyMap<FeatureSource, BigQueryTable>> {
  if (settings.dataset !== null) await checkDataset(client, settings, settings.dataset);
  const faults = settings.createTables ? sharedTables(settings, sources) : [];
  const layouts = new Map<FeatureSource, BigQueryTable>();
  for (const source of sources) {
    const found = await prepareTable(client, settings, source).then(
      (table) => {
        if (!table) return ['it is not there'];
        layouts.set(source, readTableLayout(source, table, settings));
        return tableFaults(source, table, settings);
      },
      (error: unknown) => [
        `it cannot be read${settings.createTables ? ', made or changed' : ''}: ${toErrorMessage(error)}`,
      ],
    );
    faults.push(...found.map((fault) => `table "${tableName(source)}": ${fault}`));
  }
  if (faults.length > 0) {
    const where =
      settings.dataset === null ? 'What the registry reads in BigQuery' : `The BigQuery dataset "${settings.dataset}"`;
    throw new OperatorError(
      `${where} does not fit the registry. ` +
        'Change the registry or the tables; createTables: true makes what is missing:',
      faults,
    );
  }
  return layouts;
}

async function checkDataset(client: BigQuery, settings: BigQuerySettings, dataset: string): Promise<void> {
  const summary = `The BigQuery dataset "${dataset}" of project "${settings.project}" cannot be read.`;
  const answer: unknown[] = await client
    .dataset(dataset)
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
      `The BigQuery dataset "${dataset}" is in ${actual}, the registry says ${settings.location}: ` +
        'a query finds a dataset only in its own location.',
    );
  }
}

/**
 * The existing or the created table; undefined when it does not exist and may not be created. When several gateways
 * start at once, only one creates or changes the table. BigQuery rejects the others, which then read the table again
 * and find the change.
 */
async function prepareTable(
  client: BigQuery,
  settings: BigQuerySettings,
  source: FeatureSource,
): Promise<TableMetadata | undefined> {
  try {
    return await createTable(client, settings, source);
  } catch (error) {
    if (!hasStatus(error, 409) && !hasStatus(error, 412)) throw error;
    return createTable(client, settings, source);
  }
}

async function createTable(
  client: BigQuery,
  settings: BigQuerySettings,
  source: FeatureSource,
): Promise<TableMetadata | undefined> {
  const address = resolveTableAddress(source, settings);
  const stored = await readTable(client, address);
  if (!settings.createTables) return stored;
  const wanted = expectedColumns(source);
  if (stored === undefined) {
    await tableAt(client, address).create({
      schema: { fields: wanted },
      ...(source.timestampColumn === null ? {} : { timePartitioning: { type: 'DAY', field: source.timestampColumn } }),
      // BigQuery clusters by at most four columns.
      clustering: { fields: source.entityType.entityIdColumns.slice(0, 4) },
    });
    return { schema: { fields: wanted } };
  }
  const columns = stored.schema?.fields ?? [];
  const isNew = ({ name }: TableColumn): boolean =>
    !columns.some((column) => column.name === name) && source.features.some(({ column }) => column === name);
  const added = wanted.filter(isNew);
  if (added.length === 0) return stored;
  const schema = { fields: [...columns, ...added] };
  await tableAt(client, address).setMetadata({ schema });
  return { ...stored, schema };
}

/** Two sources in one table would read each other's rows. Without `createTables`, the tables belong to others. */
function sharedTables(settings: BigQuerySettings, sources: readonly FeatureSource[]): string[] {
  return [...Map.groupBy(sources, (source) => formatTablePath(resolveTableAddress(source, settings)))]
    .filter(([, sharing]) => sharing.length > 1)
    .map(([, sharing]) => {
      const names = sharing.map((source) => `${source.entityType.name}.${source.name}`);
      return `table "${tableName(sharing[0]!)}" is of several sources: ${names.join(', ')}; give each its own by bigQueryTable`;
    });
}
