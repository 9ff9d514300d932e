import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { quoteText } from '../../datasources/duckdb/sql-text.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const CLI = join(import.meta.dirname, '../../dist/cli/main.js');

/** Runs the built command line as a user does, in a folder of the user's. */
function featuregraph(cwd: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd,
    env: { PATH: process.env.PATH },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const VALUES = `('c1', TIMESTAMPTZ '2026-01-05 09:30:00+00', 19.9, 9007199254740993, 'web'),
  ('c1', TIMESTAMPTZ '2026-01-07 18:00:00+00', 5.0, NULL, '00501')`;
const CSV = `customer_id,ordered_at,Total Amount,account,channel
c1,2026-01-05T09:30:00Z,19.9,9007199254740993,web
c1,2026-01-07T19:00:00+01:00,5.0,,00501
`;

async function writeOrders(folder: string, format: 'csv' | 'parquet'): Promise<void> {
  mkdirSync(join(folder, 'data'));
  if (format === 'csv') {
    writeFileSync(join(folder, 'data/orders.csv'), CSV);
    return;
  }
  const database = await DuckDbDatabase.open(':memory:');
  try {
    await database.use((connection) =>
      connection.run(
        `COPY (SELECT * FROM (VALUES ${VALUES}) AS t(customer_id, ordered_at, "Total Amount", account, channel)) TO ${quoteText(join(folder, 'data/orders.parquet'))} (FORMAT parquet)`,
      ),
    );
  } finally {
    database.close();
  }
}

describe('init, check, serve and a query, from nothing but files', () => {
  it.each(['csv', 'parquet'] as const)('work with %s', async (format) => {
    const folder = join(temporaryFolder(), 'shop');
    mkdirSync(folder);
    await writeOrders(folder, format);

    const init = featuregraph(folder, 'init', `data/*.${format}`);
    expect(init).toMatchObject({ status: 0, stderr: '' });
    const check = featuregraph(folder, 'check', 'registry.yaml');
    expect(check).toMatchObject({ status: 0, stdout: expect.stringMatching(/No faults\.\n$/) as unknown });
    const gateway = await startGatewayProcess({
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: join(folder, '.featuregraph'),
    });
    onTestFinished(async () => {
      await gateway.stop();
    });
    const ask = async (query: string): Promise<unknown> => {
      const response = await fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      return response.json();
    };
    const printed = /^ {4}(\{ shop .*)$/m.exec(init.stdout)?.[1];
    expect(await ask(printed!)).toEqual({
      data: { shop: { customer: { totalAmount: 5, account: '9007199254740993', channel: '00501' } } },
    });
    expect(
      await ask('{ shop { customer(entityId: "c1", asOf: "2026-01-07T17:59:59.999999Z") { totalAmount channel } } }'),
    ).toEqual({ data: { shop: { customer: { totalAmount: 19.9, channel: 'web' } } } });

    const again = featuregraph(folder, 'init', `data/*.${format}`);
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('registry.yaml is there already');
  });

  it('ask for what the files do not say, and write nothing', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'daily.csv'), 'customer_id,day,total\nc1,2026-01-05,1\n');
    writeFileSync(join(folder, 'naive.csv'), 'customer_id,at,total\nc1,2026-01-05 09:30:00,1\n');
    const { status, stderr, stdout } = featuregraph(folder, 'init', 'daily.csv', 'naive.csv');
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('--timestamp daily=day --date-as-moment end-of-day --time-zone UTC');
    expect(stderr).toContain('"naive.csv", line 2, column "at": "2026-01-05 09:30:00" has no time zone.');
    expect(existsSync(join(folder, 'registry.yaml'))).toBe(false);
  });

  it('are explained by --help', () => {
    const { status, stdout } = featuregraph(temporaryFolder(), 'init', '--help');
    expect(status).toBe(0);
    for (const option of ['--entity-id', '--timestamp', '--static', '--output', '--time-zone', 'Examples:']) {
      expect(stdout).toContain(option);
    }
  });
});
