import { totalmem } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DuckDbDatabase, type DuckDbOptions } from '../../../../datasources/duckdb/database.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

async function ask(path: string, options: DuckDbOptions, sql: string): Promise<string> {
  const database = await DuckDbDatabase.open(path, options);
  try {
    return await database.use(async (connection) => String((await connection.runAndReadAll(sql)).getRows()[0]?.[0]));
  } finally {
    database.close();
  }
}

it('leaves half of the memory to the rest of the process', async () => {
  const limit = await ask(':memory:', {}, `SELECT current_setting('memory_limit')`);
  const [, size, unit] = /^([\d.]+) (MiB|GiB|TiB)$/.exec(limit)!;
  const bytes = Number(size) * 2 ** { MiB: 20, GiB: 30, TiB: 40 }[unit as 'MiB'];
  expect(bytes).toBeLessThan(totalmem() * 0.55);
});

it('sorts on disk what does not fit, and not in the working directory', async () => {
  const options = { memoryLimitBytes: 64 * 2 ** 20 };
  const sorted = `SELECT sum(n) FROM (SELECT row_number() OVER (ORDER BY hash(r)) % 2 AS n, repeat('x', 20) || r AS text FROM range(2000000) AS t(r)) WHERE text <> ''`;
  expect(await ask(join(temporaryFolder(), 'small.duckdb'), options, sorted)).toBe('1000000');
  const folder = await ask(':memory:', options, `SELECT current_setting('temp_directory')`);
  expect(folder.startsWith(process.cwd())).toBe(false);
  expect(folder).not.toBe('.tmp');
});
