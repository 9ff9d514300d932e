import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Registry as Metrics } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EntityType } from '../../../../datasources/registry/model.js';
import { createServedLogMetrics } from '../../../../observability/served-log-metrics.js';
import { LineSegments, type SegmentOptions } from '../../../../runtime/line-segments.js';
import type { ServedRead } from '../../../../serving/served-log/served-read.js';
import { ServedLog, type ServedLogOptions } from '../../../../serving/served-log/served-log.js';
import type { FeatureCell } from '../../../../values/feature-cell.js';
import { collect } from '../../../support/collect.js';
import { EVERY_VALUE_TYPE, VALUES_OF_EVERY_TYPE } from '../../../support/every-value-type.js';
import { smallRegistry, T } from '../../../support/small-registry.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const registry = smallRegistry();
const customer = registry.entityType('shop', 'customer');
const sample = registry.entityType('lab', 'sample');
const EVERYTHING = { from: T(-1e8), before: T(1e8) };

interface Opened {
  readonly log: ServedLog;
  readonly folder: string;
  readonly errors: unknown[];
  now: bigint;
}

async function openLog(
  options: Partial<ServedLogOptions> = {},
  limits: Partial<SegmentOptions> = {},
  folder = temporaryFolder(),
): Promise<Opened> {
  const opened = { folder, errors: [] as unknown[], now: T(0) };
  const clock = (): bigint => opened.now;
  const sizes = {
    name: 'served',
    isSynced: false,
    lateness: 60_000_000n,
    maxBytes: 1e9,
    segmentBytes: 1e6,
    retention: 3_600_000_000n,
    segmentAge: 60_000_000n,
    ...limits,
  };
  const log = new ServedLog({
    segments: await LineSegments.open(folder, sizes, clock),
    sampleRate: 1,
    maxRows: 100,
    hasPersonal: false,
    hashPrincipal: (name) => `hash of ${name}`,
    clock,
    onError: (error) => opened.errors.push(error),
    ...options,
  });
  onTestFinished(() => log.close());
  return Object.assign(opened, { log });
}

const present = (value: FeatureCell['value'], seconds = -5): FeatureCell => ({
  status: 'PRESENT',
  value,
  timestamp: T(seconds),
});

function note(log: ServedLog, ids: readonly string[], value = 'Bern', time = T(0)): void {
  const features = customer.features.filter(({ name }) => name === 'city');
  log
    .sample('user:a')
    ?.note({ time, entityType: customer, entityIds: ids, features, cells: ids.map(() => [present(value)]) });
}

async function readAll({ log }: Opened, entityType: EntityType = customer): Promise<ServedRead[]> {
  return collect(log.read({ entityType, ...EVERYTHING }));
}

const idsOf = (reads: readonly ServedRead[]): string[] =>
  reads.flatMap(({ rows }) => rows.map(({ entityId }) => entityId));

async function textOf(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('served-'));
  return (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join('');
}

describe('the log of served values', () => {
  it('gives back every value of every type to the last bit, with status, event time and read time in microseconds', async () => {
    const opened = await openLog();
    const values: Record<string, readonly FeatureCell['value'][]> = {
      ...VALUES_OF_EVERY_TYPE,
      double: [...VALUES_OF_EVERY_TYPE.double, -0],
      double_array: [...VALUES_OF_EVERY_TYPE.double_array, [-0, NaN]],
      string: [...VALUES_OF_EVERY_TYPE.string, 'line\u2028separator\nand feed'],
    };
    const rows = EVERY_VALUE_TYPE.flatMap(({ name }) => values[name]!.map((value) => [name, value] as const));
    const features = sample.features;
    const cells = rows.map(([name, value]) =>
      features.map((feature): FeatureCell =>
        feature.name === name
          ? { status: 'PRESENT', value, timestamp: 1_000_000_000_000_001n }
          : { status: 'EXPIRED', value: null, timestamp: T(-1) },
      ),
    );
    const time = 1_000_000_000_000_003n;
    const entityIds = rows.map((_, index) => `e${index}`);
    opened.log.sample('user:a')!.note({ time, entityType: sample, entityIds, features, cells });
    const [read] = await readAll(opened, sample);
    expect(read).toMatchObject({ time, principal: 'hash of user:a', featurestore: 'lab', entityType: 'sample' });
    expect(read!.rows.map(({ cells: of }) => of)).toEqual(cells);
    expect(read!.rows.map(({ entityId }) => entityId)).toEqual(entityIds);
  });

  it('logs the share of requests that the sample rate says, and decides for each request', async () => {
    const numbers = [0.2, 0.25, 0.24, 0.9];
    const opened = await openLog({ sampleRate: 0.25, random: () => numbers.shift()! });
    for (const id of ['1', '2', '3', '4']) note(opened.log, [id]);
    expect(idsOf(await readAll(opened))).toEqual(['1', '3']);
  });

  it('keeps evenly spaced entities of a read with too many', async () => {
    const opened = await openLog({ maxRows: 4, random: () => 0.5 });
    note(
      opened.log,
      Array.from({ length: 10 }, (_, id) => String(id)),
    );
    expect(idsOf(await readAll(opened))).toEqual(['1', '3', '6', '8']);
  });

  it('leaves out PERSONAL features unless it is configured to keep them', async () => {
    const { features } = customer;
    const cells = [features.map(() => present(null))];
    for (const hasPersonal of [false, true]) {
      const opened = await openLog({ hasPersonal });
      opened.log.sample('user:a')!.note({ time: T(0), entityType: customer, entityIds: ['1'], features, cells });
      const [read] = await readAll(opened);
      expect(read!.features.map(({ name }) => name).includes('born')).toBe(hasPersonal);
    }
  });

  it('removes what is older than the retention, also while nothing is read', async () => {
    const opened = await openLog();
    note(opened.log, ['old']);
    await opened.log.flush();
    opened.now = T(3599);
    note(opened.log, ['new'], 'Bern', opened.now);
    expect(idsOf(await readAll(opened))).toEqual(['old', 'new']);
    opened.now = T(3601);
    await opened.log.sweep();
    expect(idsOf(await readAll(opened))).toEqual(['new']);
    opened.now = T(9999);
    await opened.log.sweep();
    expect(await textOf(opened.folder)).toBe('');
    note(opened.log, ['later'], 'Bern', opened.now);
    expect(idsOf(await readAll(opened))).toEqual(['later']);
  });

  it('stays within its bytes by removing the oldest files', async () => {
    const opened = await openLog({}, { maxBytes: 20_000, segmentBytes: 2_000 });
    for (let id = 0; id < 60; id += 1) {
      note(opened.log, [String(id)], 'x'.repeat(900));
      await opened.log.flush();
      expect(Buffer.byteLength(await textOf(opened.folder))).toBeLessThanOrEqual(20_000);
    }
    const kept = idsOf(await readAll(opened)).map(Number);
    expect(kept.at(-1)).toBe(59);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 60 - kept.length + index));
    expect(kept.length).toBeGreaterThan(10);
  });

  it('drops and counts rows while its buffer is full, and those that are too large', async () => {
    const opened = await openLog({ limits: { maxWaitingBytes: 3_000, maxLineBytes: 2_000 } });
    note(opened.log, ['large'], 'x'.repeat(2_000));
    for (const id of ['1', '2', '3', '4']) note(opened.log, [id], 'x'.repeat(1_000));
    expect(opened.log.counts.dropped).toBe(3);
    expect(idsOf(await readAll(opened))).toEqual(['1', '2']);
    note(opened.log, ['5']);
    expect(idsOf(await readAll(opened))).toEqual(['1', '2', '5']);
  });

  it('counts what a failing disk loses, reports it, and goes on when the disk does', async () => {
    const opened = await openLog();
    await rm(opened.folder, { recursive: true });
    await writeFile(opened.folder, 'a file is in the place of the folder');
    note(opened.log, ['1', '2']);
    await opened.log.flush();
    expect(opened.errors).toMatchObject([{ code: 'ENOTDIR' }]);
    const metrics = new Metrics();
    createServedLogMetrics(metrics, opened.log);
    expect(await metrics.metrics()).toContain('featuregraph_served_log_rows_total{result="failed"} 2');
    await rm(opened.folder);
    await mkdir(opened.folder);
    note(opened.log, ['3']);
    expect(idsOf(await readAll(opened))).toEqual(['3']);
  });

  it('finds a read by its own time, also if it was written to the disk later', async () => {
    const opened = await openLog();
    note(opened.log, ['1'], 'Bern', T(0));
    opened.now = T(20);
    await opened.log.flush();
    const read = (from: number, before: number) =>
      collect(opened.log.read({ entityType: customer, from: T(from), before: T(before) }));
    expect(idsOf(await read(0, 1))).toEqual(['1']);
    expect(idsOf(await read(1, 30))).toEqual([]);
    expect(idsOf(await read(-9, 0))).toEqual([]);
  });

  it('ignores the line that a killed process left in the middle', async () => {
    const opened = await openLog();
    note(opened.log, ['1']);
    await opened.log.close();
    const [name] = await readdir(opened.folder);
    const path = join(opened.folder, name!);
    await writeFile(path, `${await readFile(path, 'utf8')}{"time":"2001-09-09T01:4`);
    const again = await openLog({}, {}, opened.folder);
    note(again.log, ['2']);
    expect(idsOf(await readAll(again))).toEqual(['1', '2']);
  });

  it('erases entities of one type from every file and from the buffer, and returns the number of rows', async () => {
    const opened = await openLog({}, { segmentBytes: 300 });
    for (let index = 0; index < 20; index += 1) {
      note(opened.log, ['1', '11', `other ${index}`], index % 2 === 0 ? 'Bern' : '1');
      if (index % 3 === 0) await opened.log.flush();
    }
    const visit = registry.entityType('shop', 'visit');
    opened.log
      .sample('user:a')!
      .note({ time: T(0), entityType: visit, entityIds: ['1'], features: visit.features, cells: [[present(1)]] });
    expect(await opened.log.erase(customer, ['1', 'unknown'])).toBe(20);
    const left = idsOf(await readAll(opened));
    expect(left.filter((id) => id === '11')).toHaveLength(20);
    expect(left).not.toContain('1');
    expect(idsOf(await readAll(opened, visit))).toEqual(['1']);
  });

  it('does not log an entity whose read began before its erasure and ended after it', async () => {
    const opened = await openLog();
    opened.now = T(10);
    await opened.log.erase(customer, ['1']);
    note(opened.log, ['1', '2'], 'Bern', T(9));
    opened.now = T(11);
    note(opened.log, ['1'], 'Chur', T(11));
    expect(idsOf(await readAll(opened))).toEqual(['2', '1']);
  });

  it('rejects an erasure that the disk refuses, so that the client repeats it', async () => {
    const opened = await openLog();
    note(opened.log, ['1']);
    await opened.log.flush();
    const [name] = await readdir(opened.folder);
    // A folder in the place of the file that is to be written.
    await mkdir(join(opened.folder, `${name!}.new`));
    note(opened.log, ['2', '1']);
    await expect(opened.log.erase(customer, ['1'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await rm(join(opened.folder, `${name!}.new`), { recursive: true });
    expect(await opened.log.erase(customer, ['1'])).toBe(2);
    expect(idsOf(await readAll(opened))).toEqual(['2']);
  });
});
