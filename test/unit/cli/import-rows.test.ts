import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { readImportRows } from '../../../cli/import-rows.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** More than two reads of the file. */
const ROWS = 120_000;

it.each(['csv', 'parquet'])(
  'gives each row of a long %s file once and in order, also from a later row on',
  async (ending) => {
    const path = join(temporaryFolder(), `rows.${ending}`);
    if (ending === 'csv') {
      const lines = Array.from({ length: ROWS }, (_, index) => `a%,${index},${index}`);
      writeFileSync(path, `first,second,count\n${lines.join('\n')}\n`);
    } else {
      const duckdb = await DuckDBInstance.create(':memory:');
      const connection = await duckdb.connect();
      await connection.run(
        `COPY (SELECT 'a%' AS first, i AS second, i AS count FROM range(${ROWS}) t(i)) TO '${path}' (FORMAT parquet)`,
      );
      connection.closeSync();
      duckdb.closeSync();
    }
    const skip = 10;
    const counts: number[] = [];
    const columns = {
      entityId: ['first', 'second'],
      timestamp: null,
      features: new Map([['count', 'INT64' as const]]),
    };
    for await (const { lines, total } of readImportRows({ names: [path], format: null, options: {}, columns, skip })) {
      expect(total).toBe(ROWS);
      for (const line of lines) {
        const { entityId, values } = JSON.parse(line) as { entityId: string; values: { count: number } };
        expect(entityId).toBe(`a%25,${values.count}`);
        counts.push(values.count);
      }
    }
    expect(counts).toEqual(Array.from({ length: ROWS - skip }, (_, index) => index + skip));
  },
);
