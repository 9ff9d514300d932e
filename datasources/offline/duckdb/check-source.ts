import { OperatorError } from '../../../errors/operator-error.js';
import type { Finding } from '../../diagnosis.js';
import { DuckDbDatabase } from '../../duckdb/database.js';
import type { FileReader } from '../../files/file-reader.js';
import type { FeatureSource } from '../../registry/model.js';
import { bindSource, convertedColumns } from './bind-source.js';
import { dependsOnValues, placeOf } from './source-columns.js';

/**
 * Binds the SQL of a source over its tables as an import does, in a separate database in memory. It computes nothing
 * and touches no store.
 */
export async function* checkSource(source: FeatureSource, reader: FileReader): AsyncGenerator<Finding> {
  const database = await DuckDbDatabase.open(':memory:');
  try {
    await using folder = await reader.createFolder();
    const { columns } = await database.use((connection) => bindSource(connection, source, reader, folder));
    const count = source.features.length === 1 ? '1 feature' : `${source.features.length} features`;
    yield { status: 'ok', message: `the SQL gives what the registry says of ${count}` };
    for (const { column, valueType } of convertedColumns(source)) {
      const { type } = columns.get(column)!;
      if (!dependsOnValues(type, valueType)) continue;
      yield {
        status: 'warning',
        message: `column "${column}"${placeOf(source, column)} is ${type}, the registry says ${valueType}: a start fails at the first value that is no ${valueType}`,
        remedy: 'CAST it in the SQL, or change the registry.',
      };
    }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    yield { status: 'fault', message: [error.summary, ...error.faults].join('\n') };
  } finally {
    database.close();
  }
}
