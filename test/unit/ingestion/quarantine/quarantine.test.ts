import { appendFile, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Violation } from '../../../../ingestion/expectations/find-violations.js';
import { Quarantine } from '../../../../ingestion/quarantine/quarantine.js';
import type { QuarantineLine } from '../../../../ingestion/quarantine/quarantine-line.js';
import { readRow } from '../../../../ingestion/rows/read-row.js';
import type { RawValue } from '../../../../values/value-type.js';
import { VALUES_OF_EVERY_TYPE } from '../../../support/every-value-type.js';
import { smallRegistry, T } from '../../../support/small-registry.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const registry = smallRegistry();
const customer = registry.entityType('shop', 'customer');
const visit = registry.entityType('shop', 'visit');
const sample = registry.entityType('lab', 'sample');
const city = customer.features.find(({ name }) => name === 'city')!;
const VIOLATION: Violation = { feature: 'city', kind: 'SET', action: 'QUARANTINE', message: 'It is no city.' };
const VIOLATED = [{ row: 0, violations: [VIOLATION] }];
const DAY = 86_400;

async function open(folder = temporaryFolder(), limits: { maxBytes?: number; segmentBytes?: number } = {}) {
  const opened = { folder, now: T(0), errors: [] as unknown[] };
  const onError = (error: unknown): void => void opened.errors.push(error);
  const quarantine = await Quarantine.open({ folder, clock: () => opened.now, onError, limits });
  onTestFinished(() => quarantine.close());
  const add = (entityId: string, value = 'x', sender = 'ann', entityType = customer): Promise<void> =>
    quarantine.add(
      { entityType, rows: [{ entityId, timestamp: T(0), values: new Map([[city, value]]) }], sender },
      VIOLATED,
    );
  return Object.assign(opened, { quarantine, add });
}

async function linesOf(folder: string): Promise<QuarantineLine[]> {
  const names = (await readdir(folder)).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap((text) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as QuarantineLine),
  );
}

const idsOf = async (folder: string): Promise<string[]> => (await linesOf(folder)).map(({ row }) => row.entityId);

it('keeps each value exactly, in a row that can be sent again', async () => {
  const { quarantine, folder } = await open();
  const most = Math.max(...Object.values(VALUES_OF_EVERY_TYPE).map((values) => values.length));
  const rows = Array.from({ length: most }, (_, index) => ({
    entityId: `s${index}`,
    timestamp: T(-1) + 1n,
    values: new Map<(typeof sample.features)[number], RawValue | null>(
      sample.features.map((feature) => {
        const values: readonly RawValue[] = VALUES_OF_EVERY_TYPE[feature.name as keyof typeof VALUES_OF_EVERY_TYPE];
        return [feature, values[index] ?? null];
      }),
    ),
  }));
  await quarantine.add(
    { entityType: sample, rows },
    rows.map((_, row) => ({ row, violations: [VIOLATION] })),
  );
  const again = (await linesOf(folder)).map(({ row }) => readRow(sample, row));
  expect(again.map(({ entityId, timestamp }) => [entityId, timestamp])).toEqual(
    rows.map(({ entityId, timestamp }) => [entityId, timestamp]),
  );
  for (const [index, row] of rows.entries()) expect([...again[index]!.values]).toEqual([...row.values]);
});

it('keeps the sign of zero', async () => {
  const { quarantine, folder } = await open();
  const [double, list, struct] = ['double', 'double_array', 'struct'].map((name) =>
    sample.features.find((feature) => feature.name === name)!,
  );
  const values = new Map<(typeof sample.features)[number], RawValue>([
    [double!, -0],
    [list!, [0, -0]],
    [struct!, { a: -0 }],
  ]);
  await quarantine.add({ entityType: sample, rows: [{ entityId: 's', timestamp: T(0), values }] }, VIOLATED);
  const [line] = await linesOf(folder);
  expect([...readRow(sample, line!.row).values]).toEqual([...values]);
});

it('erases an id with quotes and line ends, whatever its JSON looks like', async () => {
  const { add, folder, quarantine } = await open();
  const ids = ['say "a"', 'back\\', 'two\nlines', '東京', '"row":{"entityId":"a"'];
  for (const id of ['a', ...ids]) await add(id);
  expect(await quarantine.erase(customer, ids)).toBe(ids.length);
  expect(await idsOf(folder)).toEqual(['a']);
});

it('is readable by its owner alone', async () => {
  const { add, folder } = await open();
  await add('a');
  const [name] = await readdir(folder);
  expect((await stat(join(folder, name!))).mode & 0o777).toBe(0o600);
});

it('has the rows of the processes before it, and what a killed one left in the middle of a line goes with an erasure', async () => {
  const { add, folder, quarantine } = await open();
  await add('a');
  await add('b');
  await quarantine.close();
  const [name] = await readdir(folder);
  await appendFile(join(folder, name!), '{"time":"2001","row":{"entityId":"a"');
  const next = await open(folder);
  await next.add('c');
  expect(await next.quarantine.erase(customer, ['a'])).toBe(1);
  expect(await idsOf(folder)).toEqual(['b', 'c']);
  expect(next.quarantine.bytes).toBeGreaterThan(0);
});

it('erases the rows of one entity type alone, and no row that only mentions the id', async () => {
  const { add, folder, quarantine } = await open();
  await add('a');
  await add('b', '"a"');
  expect(await quarantine.erase(visit, ['a'])).toBe(0);
  expect(await quarantine.erase(customer, ['a', 'unknown'])).toBe(1);
  expect(await idsOf(folder)).toEqual(['b']);
});

it('has at most so many bytes, and removes the oldest file first', async () => {
  const { add, folder, quarantine } = await open(temporaryFolder(), { maxBytes: 3_000, segmentBytes: 600 });
  for (let index = 0; index < 40; index += 1) {
    await add(`e${index}`);
    expect(quarantine.bytes).toBeLessThanOrEqual(3_000);
  }
  const kept = await idsOf(folder);
  expect(kept.length).toBeGreaterThan(5);
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => `e${40 - kept.length + index}`));
});

it('keeps the rows of a sender or an entity type while another one sends more than the quarantine holds', async () => {
  const { add, folder, quarantine } = await open(temporaryFolder(), { maxBytes: 6_000, segmentBytes: 600 });
  await add('of bob', 'x', 'bob');
  await add('of a visit', 'x', 'ann', visit);
  for (let index = 0; index < 60; index += 1) {
    await add(`e${index}`);
    expect(quarantine.bytes).toBeLessThanOrEqual(6_000);
  }
  // One request that takes most of the room.
  const rows = Array.from({ length: 16 }, (_, index) => ({
    entityId: `many ${index}`,
    timestamp: T(0),
    values: new Map([[city, 'x']]),
  }));
  await quarantine.add(
    { entityType: customer, rows, sender: 'ann' },
    rows.map((_, row) => ({ row, violations: [VIOLATION] })),
  );
  const kept = await idsOf(folder);
  expect(kept).toContain('of bob');
  expect(kept).toContain('of a visit');
  expect(kept).toContain('many 15');
});

it('removes rows after 30 days, a day of rows at a time', async () => {
  const opened = await open();
  await opened.add('early');
  opened.now = T(2 * DAY);
  await opened.add('later');
  opened.now = T(30 * DAY + 1);
  await opened.quarantine.sweep();
  expect(await idsOf(opened.folder)).toEqual(['later']);
  opened.now = T(33 * DAY);
  await opened.quarantine.sweep();
  expect(await readdir(opened.folder)).toEqual([]);
});
