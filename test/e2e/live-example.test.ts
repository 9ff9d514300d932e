import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

const root = join(import.meta.dirname, '../..');
const AIRPORTS = ['ATL', 'DFW', 'LAX', 'ORD', 'SFO'];

it('npm run example:live shows values change, ends by itself with the counts of the flights, and leaves nothing', async () => {
  const folder = temporaryFolder();
  const child = spawn(process.execPath, [join(root, 'examples/flights/live/replay.ts'), '4'], {
    env: { PATH: process.env.PATH, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  expect([code, errors]).toEqual([0, '']);
  expect(readdirSync(folder)).toEqual([]);

  const [changes = '', history = ''] = output.split('\nDepartures as of\n');
  const lines = [...changes.matchAll(/^17:\d\d {2}(\w{3}) +(\d+) +-?[\d.]+ min {2}\w{3}$/gm)];
  for (const airport of AIRPORTS) {
    const counts = lines.filter(([, id]) => id === airport).map(([, , count]) => Number(count));
    // The board changes while it is watched, and never goes back.
    expect(counts.length).toBeGreaterThan(2);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  }

  const instance = await DuckDBInstance.create(':memory:');
  onTestFinished(() => instance.closeSync());
  const connection = await instance.connect();
  const flights = join(root, 'node_modules/vega-datasets/data/flights-3m.parquet');
  for (const [minute, time] of [
    [15, '17:15'],
    [30, '17:30'],
    [45, '17:45'],
    [60, '18:00'],
  ] as const) {
    const counted = await connection.runAndReadAll(
      `SELECT origin, count(*) FROM '${flights}' WHERE origin IN ('${AIRPORTS.join("','")}')
         AND date >= TIMESTAMP '2001-03-07 17:00' AND date < TIMESTAMP '2001-03-07 18:00'
         AND date <= TIMESTAMP '2001-03-07 17:00' + INTERVAL ${minute} MINUTE GROUP BY ALL ORDER BY origin`,
    );
    const expected = counted.getRows().map(([origin, count]) => `${String(origin)} ${String(count)}`);
    expect(history).toContain(`${time}  ${expected.join('  ')}\n`);
  }
});
