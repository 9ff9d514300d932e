import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  MOVING_REGISTRY,
  row,
  startMovingGateway,
  writeMovingRegistry,
  writeOrders,
} from '../../support/moving-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const DAY_1 = new Date('2026-01-01T00:00:00Z');
const DAY_2 = new Date('2026-01-02T00:00:00Z');
const DAY_3 = new Date('2026-01-03T00:00:00Z');

/** The registry of the moving gateway, which expects something of `total`. */
function expecting(expectations: string, ofSource = ''): string {
  return MOVING_REGISTRY.replace(
    '{ name: total, valueType: INT64 }',
    `{ name: total, valueType: INT64, ${expectations} }`,
  ).replace('timestampColumn: moment', `timestampColumn: moment${ofSource}`);
}

const LIMITS = `expectations: [{ max: 100, onViolation: REJECT }, { max: 50, onViolation: QUARANTINE }, { max: 20, onViolation: WARN }]`;

async function start(folder: string) {
  const gateway = await startMovingGateway(folder, { METRICS_PORT: '0' });
  onTestFinished(() => gateway.stop());
  return {
    ...gateway,
    totals: async (): Promise<string> => {
      const { shop } = await gateway.ask(`{ shop { customers(entityIds: ["a", "b", "c"]) { total } } }`);
      return shop.customers.map(({ total }: { total: string | null }) => total ?? '-').join(' ');
    },
    metric: async (): Promise<string[]> => {
      const text = await (await fetch(gateway.metricsUrl!)).text();
      return text.split('\n').filter((line) => line.startsWith('featuregraph_computed_violations_total{'));
    },
  };
}

async function startWith(registry: string, rows: readonly string[]) {
  const folder = temporaryFolder();
  writeMovingRegistry(folder, registry);
  writeOrders(folder, rows);
  return { folder, gateway: await start(folder) };
}

const FIRST = [row('a', DAY_1, 1), row('b', DAY_1, 2)];

describe('a refresh whose rows are not as the registry expects', () => {
  it('stores rows with WARN, leaves out those with QUARANTINE, and names both on its job', async () => {
    const { folder, gateway } = await startWith(expecting(LIMITS), FIRST);
    writeOrders(folder, [...FIRST, row('a', DAY_2, 30), row('b', DAY_2, 70), row('c', DAY_2, 50)]);
    const job = await gateway.refresh('customer');
    expect(job).toMatchObject({ state: 'SUCCEEDED', computed: [{ rowsComputed: '4', rowsLeftOut: '1' }] });
    const named = (entityId: string) => ({ entityId, timestamp: '2026-01-02T00:00:00Z' });
    expect(job.violations).toEqual([
      {
        source: 'values',
        feature: 'total',
        kind: 'RANGE',
        action: 'QUARANTINE',
        description: 'at most 50',
        rows: '1',
        examples: [named('b')],
      },
      {
        source: 'values',
        feature: 'total',
        kind: 'RANGE',
        action: 'WARN',
        description: 'at most 20',
        rows: '3',
        examples: [named('a'), named('b'), named('c')],
      },
    ]);
    expect(await gateway.totals()).toBe('30 2 50');
    const labels = 'featurestore="shop",entity_type="customer",source="values",feature="total"';
    expect(await gateway.metric()).toEqual([
      `featuregraph_computed_violations_total{${labels},action="QUARANTINE"} 1`,
      `featuregraph_computed_violations_total{${labels},action="WARN"} 3`,
    ]);
  });

  it('fails for one with REJECT, names the rows and leaves the old values', async () => {
    const { folder, gateway } = await startWith(expecting(LIMITS), FIRST);
    writeOrders(folder, [...FIRST, row('a', DAY_2, 3), row('b', DAY_2, 101)]);
    const job = await gateway.refresh('customer');
    expect(job).toMatchObject({ state: 'FAILED', steps: null, computed: null });
    expect(job.error).toEqual({
      code: 'EXPECTATION_VIOLATED',
      message:
        'The computed rows of the source "values" are not as expected: in 1 rows, "total" has a value that is not as expected (RANGE). ' +
        'The old values stay. violations of the job names rows. ' +
        'Correct the SQL or the files, or change the expectation or its onViolation in the registry.',
    });
    expect(job.violations?.map(({ action, rows, examples }) => [action, rows, examples[0]?.entityId])).toEqual([
      ['REJECT', '1', 'b'],
      ['QUARANTINE', '1', 'b'],
      ['WARN', '1', 'b'],
    ]);
    expect(await gateway.totals()).toBe('1 2 -');
    // It is not up to date: the next refresh computes again, also without another change.
    expect(await gateway.refresh('customer')).toMatchObject({ state: 'FAILED' });
    writeOrders(folder, [...FIRST, row('a', DAY_2, 3), row('b', DAY_2, 4)]);
    expect(await gateway.refresh('customer')).toMatchObject({ state: 'SUCCEEDED', violations: [] });
    expect(await gateway.totals()).toBe('3 4 -');
  });

  it('brings rows back that were left out, after the registry expects something else', async () => {
    const { folder, gateway } = await startWith(expecting(LIMITS), [...FIRST, row('b', DAY_2, 70)]);
    expect(await gateway.totals()).toBe('1 2 -');
    writeMovingRegistry(folder, expecting(LIMITS.replace('max: 50', 'max: 80')));
    await gateway.ask('mutation { applyRegistry(input: {}) { isApplied } }');
    await gateway.refresh('customer');
    expect(await gateway.totals()).toBe('1 70 -');
  });

  it('takes nulls, and a change of a WARN computes nothing', async () => {
    const { folder, gateway } = await startWith(expecting(LIMITS), [...FIRST, `c,${DAY_1.toISOString()},`]);
    writeMovingRegistry(folder, expecting(LIMITS.replace('max: 20', 'max: 0')));
    await gateway.ask('mutation { applyRegistry(input: {}) { isApplied } }');
    expect(await gateway.refresh('customer')).toMatchObject({ state: 'SUCCEEDED', steps: 0, violations: [] });
  });

  it('names at most ten rows of an expectation', async () => {
    const { folder, gateway } = await startWith(expecting(LIMITS), FIRST);
    writeOrders(
      folder,
      Array.from({ length: 40 }, (_, index) => row(`e${index + 10}`, DAY_2, 30)),
    );
    const { violations } = await gateway.refresh('customer');
    expect(violations).toMatchObject([{ rows: '40', examples: { length: 10, 0: { entityId: 'e10' } } }]);
  });
});

it('the first computation does not serve rows that are to be rejected: the start fails and names them', async () => {
  const folder = temporaryFolder();
  writeMovingRegistry(folder, expecting(LIMITS));
  writeOrders(folder, [row('a', DAY_1, 101)]);
  await expect(startMovingGateway(folder)).rejects.toThrow(
    'The computed rows of shop.customer, source "values", are not as the registry expects (REJECT):\n' +
      '  - in 1 rows, "total" has a value that is not as expected (RANGE): "a" at 2026-01-01T00:00:00Z',
  );
});

describe('rows of one entity and event time', () => {
  const repeated = (action: string): string => expecting('expectations: []', `\n            onRepeatedTime: ${action}`);

  it('fail a refresh with REJECT, which leaves the old values', async () => {
    const { folder, gateway } = await startWith(repeated('REJECT'), FIRST);
    writeOrders(folder, [...FIRST, row('a', DAY_2, 5), row('a', DAY_2, 6)]);
    const job = await gateway.refresh('customer');
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'EXPECTATION_VIOLATED' } });
    expect(job.violations).toMatchObject([
      { feature: null, kind: 'UNIQUE_TIME', action: 'REJECT', rows: '2', examples: [{ entityId: 'a' }] },
    ]);
    expect(await gateway.totals()).toBe('1 2 -');
  });

  it('are counted with WARN', async () => {
    const { folder, gateway } = await startWith(repeated('WARN'), FIRST);
    writeOrders(folder, [...FIRST, row('a', DAY_2, 5), row('a', DAY_2, 6)]);
    expect(await gateway.refresh('customer')).toMatchObject({
      state: 'SUCCEEDED',
      violations: [{ kind: 'UNIQUE_TIME', action: 'WARN', rows: '2' }],
    });
    expect(await gateway.totals()).toBe('6 2 -');
  });
});

describe('an incremental refresh', () => {
  const inFolder = (incremental: string, rest: string): string =>
    expecting(rest, `\n            incremental: ${incremental}`).replace(
      '{ file: orders.csv, timeZone: UTC }',
      '{ file: orders, timeZone: UTC, columns: { id: VARCHAR, moment: TIMESTAMP, total: BIGINT } }',
    );
  const write = (folder: string, name: string, rows: readonly string[]): void => {
    mkdirSync(join(folder, 'orders'), { recursive: true });
    writeFileSync(join(folder, 'orders', name), ['id,moment,total', ...rows, ''].join('\n'));
  };

  it.each([
    ['file by file', '{ table: orders }'],
    ['after a watermark', '{ table: orders, watermarkColumn: moment }'],
  ])('checks the rows that it computes, %s', async (_, incremental) => {
    const folder = temporaryFolder();
    writeMovingRegistry(folder, inFolder(incremental, LIMITS));
    write(folder, '1.csv', [...FIRST, row('c', DAY_1, 21)]);
    const gateway = await start(folder);
    write(folder, '2.csv', [row('a', DAY_2, 60), row('b', DAY_2, 5)]);
    expect(await gateway.refresh('customer')).toMatchObject({
      state: 'SUCCEEDED',
      computed: [{ isIncremental: true, rowsComputed: '1', rowsLeftOut: '1' }],
      violations: [
        { action: 'QUARANTINE', rows: '1', examples: [{ entityId: 'a' }] },
        { action: 'WARN', rows: '1', examples: [{ entityId: 'a' }] },
      ],
    });
    expect(await gateway.refresh('customer')).toMatchObject({ steps: 0 });
    write(folder, '3.csv', [row('c', DAY_3, 101)]);
    expect(await gateway.refresh('customer')).toMatchObject({ state: 'FAILED' });
    expect(await gateway.totals()).toBe('1 5 21');
    write(folder, '3.csv', [row('c', DAY_3, 7)]);
    expect(await gateway.refresh('customer')).toMatchObject({ computed: [{ isIncremental: true, rowsComputed: '1' }] });
    expect(await gateway.totals()).toBe('1 5 7');
  });

  it('finds a repeated time between a new file and an old one', async () => {
    const folder = temporaryFolder();
    const registry = inFolder('{ table: orders }', 'expectations: []');
    writeMovingRegistry(folder, registry.replace('incremental:', 'onRepeatedTime: WARN\n            incremental:'));
    write(folder, '1.csv', [...FIRST, row('c', DAY_1, 3), row('c', DAY_1, 4)]);
    const gateway = await start(folder);
    write(folder, '2.csv', [row('a', DAY_1, 9)]);
    expect(await gateway.refresh('customer')).toMatchObject({
      computed: [{ isIncremental: true }],
      violations: [{ kind: 'UNIQUE_TIME', rows: '2', examples: [{ entityId: 'a' }] }],
    });
  });
});
