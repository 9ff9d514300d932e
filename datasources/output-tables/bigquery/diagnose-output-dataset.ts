import { randomUUID } from 'node:crypto';
import type { Finding } from '../../diagnosis.js';
import { hasStatus } from '../../google/bigquery/api-error.js';
import { readDatasetLocation, tableAt } from '../../google/bigquery/tables.js';
import type { OutputDataset } from './bigquery-output-tables.js';

/** Names of tables that a check leaves if it is killed begin so; an operator may delete them. */
const MARK = 'featuregraph_doctor_';

/** Checks the dataset for outputs: it makes a marked table that expires in an hour, reads its description and deletes it. */
export async function* diagnoseOutputDataset(
  { client, project, dataset }: OutputDataset,
  now: () => number,
): AsyncGenerator<Finding> {
  const opened = await client();
  try {
    const location = await readDatasetLocation(opened, { project, dataset });
    yield { status: 'ok', message: `the dataset for outputs is in ${location ?? 'a location that it does not say'}` };
  } catch (error) {
    yield toFault(error, 'read the description of the dataset for outputs', { project, dataset });
    return;
  }
  const table = tableAt(opened, { project, dataset, table: `${MARK}${randomUUID().replaceAll('-', '_')}` });
  const schema = { fields: [{ name: 'marked', type: 'BOOL' }] };
  const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['make tables', () => table.create({ schema, expirationTime: String(now() + 3_600_000) })],
    ['read the descriptions of tables', () => table.getMetadata()],
    ['delete tables', () => table.delete()],
  ];
  for (const [index, [what, run]] of steps.entries()) {
    try {
      await run();
      yield { status: 'ok', message: `the gateway may ${what} in the dataset for outputs` };
    } catch (error) {
      yield toFault(error, `${what} in the dataset for outputs`, { project, dataset });
      // Without the table, the other steps say nothing.
      if (index === 0) return;
    }
  }
}

function toFault(
  error: unknown,
  what: string,
  { project, dataset }: Pick<OutputDataset, 'project' | 'dataset'>,
): Finding {
  const message = `the gateway cannot ${what}: ${error instanceof Error ? error.message : String(error)}`;
  if (hasStatus(error, 404)) {
    return { status: 'fault', message, remedy: `bq mk --dataset --location=LOCATION ${project}:${dataset}` };
  }
  if (!hasStatus(error, 401) && !hasStatus(error, 403)) return { status: 'fault', message };
  return {
    status: 'fault',
    message,
    remedy:
      'grant the gateway roles/bigquery.dataEditor on the dataset for outputs, and roles/bigquery.jobUser on its project',
  };
}
