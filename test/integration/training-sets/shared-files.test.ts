import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LeaseLost } from '../../../datasources/job-store/job-lease.js';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import { publishShared } from '../../../training-sets/publish-shared.js';
import type { TrainingSetResult } from '../../../training-sets/training-sets.js';
import { openSharedFolder, ROOT } from '../../support/google/shared-files.js';
import { CUSTOMER, openShop, REQUEST, REQUESTED, SHOP, writeShopHistory } from '../../support/shop-history.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { openTrainingSets, waitForEnd, type TrainingSetWorld } from '../../support/training-set-dependencies.js';

type Folder = Awaited<ReturnType<typeof openSharedFolder>>;

/** What DuckDB reads of an object. */
async function readObject({ server }: Folder, { query, folder }: TrainingSetWorld, name: string) {
  const path = join(folder, 'read.parquet');
  writeFileSync(path, server.contents.read(name)!.bytes);
  return query(`SELECT * FROM read_parquet('${path}')`);
}

async function openGateway(
  shared: Folder,
  gateway = 'gateway-1',
  folder = temporaryFolder(),
): Promise<TrainingSetWorld> {
  return openShop({ folder, shared: { files: shared.open(), gateway } });
}

describe('training sets of several gateways', () => {
  it.each([
    ['in one request', {}, 'multipart'],
    ['in parts', { resumableBytes: 1 }, 'resumable'],
  ])('are written to Cloud Storage %s, and are what one gateway writes to its disk', async (_how, options, type) => {
    const folder = await openSharedFolder();
    const alone = await openShop();
    const shared = await openShop({ shared: { files: folder.open(options), gateway: 'gateway-1' } });
    const expected = await alone.make(REQUESTED);
    const made = await shared.make(REQUESTED);
    const name = `team/training-sets/${made.id}.parquet`;
    expect(made).toMatchObject({
      state: 'SUCCEEDED',
      result: { output: { format: 'PARQUET', location: `${ROOT}/training-sets/${made.id}.parquet` } },
    });
    expect(made.result!.validation).toEqual(expected.result!.validation);
    const file = join(alone.files, expected.result!.output.location);
    expect(await readObject(folder, shared, name)).toEqual(await alone.query(`SELECT * FROM read_parquet('${file}')`));
    expect(folder.server.uploads.all).toEqual([{ name, type, isStored: true }]);
    expect(folder.server.contents.read(name)!.metadata).toEqual({
      'featuregraph-job': made.id,
      'featuregraph-sha256': made.result!.provenance!.checksum,
    });
    expect(readdirSync(join(shared.folder, 'work'))).toEqual([]);
    expect(readdirSync(shared.files)).toEqual([]);
  });

  it('as CSV have their provenance beside them, under the name that was given', async () => {
    const folder = await openSharedFolder();
    const shared = await openGateway(folder);
    const output = { format: 'CSV', location: `${ROOT}/june/set.csv` } as const;
    const { result } = await shared.make(REQUESTED, { output });
    expect(result!.output).toEqual(output);
    const { objects } = folder.server;
    expect([...objects.keys()]).toEqual(['team/june/set.csv.provenance.json', 'team/june/set.csv']);
    expect(JSON.parse(objects.get('team/june/set.csv.provenance.json')!)).toMatchObject({
      checksum: result!.provenance!.checksum,
    });
    expect(objects.get('team/june/set.csv')!.split('\n')[1]).toContain('ann');
  });

  it('read the labels of a shared file', async () => {
    const folder = await openSharedFolder();
    const shared = await openGateway(folder);
    folder.server.objects.set('team/labels/june.csv', 'who,at\nann,2001-09-09T01:47:39Z\nbob,2001-09-09T01:47:39Z\n');
    const request = {
      ...REQUEST,
      joins: [CUSTOMER],
      labels: { kind: 'FILE', file: 'labels/june.csv', format: 'CSV', timeColumn: 'at' },
    } as const;
    const { id, state, result } = await shared.make(request);
    expect({ state, rows: result?.rows }).toEqual({ state: 'SUCCEEDED', rows: 2n });
    const rows = await readObject(folder, shared, `team/training-sets/${id}.parquet`);
    expect(rows.map(({ who, orders_7d }) => [who, orders_7d])).toEqual([
      ['ann', 2n],
      ['bob', 5n],
    ]);
    expect(readdirSync(`${shared.files}-reading`)).toEqual([]);
    await expect(
      shared.make({ ...request, labels: { ...request.labels, file: 'labels/july.csv' } }),
    ).rejects.toMatchObject({ code: 'FILE_NOT_FOUND', details: { field: 'labels.source.file.path' } });
  });

  it.each([
    '../secret.parquet',
    'gs://other-bucket/a.parquet',
    `gs://shared-bucket/a.parquet`,
    '/a.parquet',
    'a/../b.parquet',
    'a/',
    '',
    'a\nb',
    'a*.parquet',
    `${ROOT}/../a.parquet`,
    'a'.repeat(1_001),
  ])('are not written outside their folder: %j', async (location) => {
    const shared = await openGateway(await openSharedFolder());
    await expect(shared.make(REQUESTED, { output: { format: 'PARQUET', location } })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'output.location' },
    });
  });

  it('refuse what would be on the disk of one gateway', async () => {
    const shared = await openGateway(await openSharedFolder());
    await expect(shared.make(REQUESTED, { output: { format: 'TABLE', location: 'set' } })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'output.format' },
    });
    const labels = { kind: 'TABLE', table: 'labels', timeColumn: 'at' } as const;
    await expect(shared.make({ ...REQUESTED, labels })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'labels.table' },
    });
  });

  it('never replace a file: not at the start, and not one that was written meanwhile', async () => {
    const folder = await openSharedFolder();
    const { server } = folder;
    const shared = await openGateway(folder);
    server.objects.set('team/a.parquet', 'of another program');
    const output = { format: 'PARQUET', location: 'a.parquet' } as const;
    await expect(shared.make(REQUESTED, { output })).rejects.toMatchObject({ details: { field: 'output.location' } });
    server.uploads.onUpload = async (name) => {
      if (name.endsWith('.csv')) server.objects.set(name, 'another');
    };
    const { state, error } = await shared.make(REQUESTED, { output: { format: 'CSV', location: 'b.csv' } });
    expect({ state, code: error?.code }).toEqual({ state: 'FAILED', code: 'OUTPUT_IN_USE' });
    expect([...server.objects]).toEqual([
      ['team/a.parquet', 'of another program'],
      ['team/b.csv', 'another'],
    ]);
    expect(readdirSync(join(shared.folder, 'work'))).toEqual([]);
  });
});

describe('a training set whose gateway was stopped after it was checked', () => {
  /** A job that another gateway checked, and perhaps published. */
  async function leave(folder: Folder, isPublished: boolean) {
    const first = await openGateway(folder, 'gateway-1');
    const made = await first.make(REQUESTED);
    const name = `team/training-sets/${made.id}.parquet`;
    if (!isPublished) folder.server.objects.delete(name);
    const job = { ...made, state: 'RUNNING', endedAt: null, result: null } as const;
    const data = temporaryFolder();
    const jobs = new LmdbJobStore(join(data, 'jobs'));
    await jobs.create({ ...job, checkpoint: { stage: 'CHECKED', result: made.result!, gateway: 'gateway-1' } });
    await first.close();
    const shared = { files: folder.open(), gateway: 'gateway-2' };
    const second = await openTrainingSets(SHOP.featurestores, { folder: data, shared, jobs });
    return { made, name, second };
  }

  it('is finished by another gateway without any work if it was published', async () => {
    const folder = await openSharedFolder();
    const { made, name, second } = await leave(folder, true);
    const { generation } = folder.server.contents.read(name)!;
    // This gateway has no history: work would give another training set.
    await second.engine.resume();
    expect(await waitForEnd(second.engine, made.id)).toMatchObject({ state: 'SUCCEEDED', result: made.result });
    expect(folder.server.contents.read(name)!.generation).toBe(generation);
  });

  it('is made again by another gateway if it was not, and not from old work on its disk', async () => {
    const folder = await openSharedFolder();
    const { made, name, second } = await leave(folder, false);
    await writeShopHistory(second.offline);
    const work = join(second.folder, 'work');
    mkdirSync(work);
    writeFileSync(join(work, `${made.id}.partial`), 'of an earlier attempt');
    await second.engine.resume();
    expect(await waitForEnd(second.engine, made.id)).toMatchObject({ state: 'SUCCEEDED', result: made.result });
    expect(await readObject(folder, second, name)).toHaveLength(14);
    expect(readdirSync(work)).toEqual([]);
  });
});

describe('a gateway that was paused while it published', () => {
  const publish = (folder: Folder, text: string, confirm: () => Promise<void>) => {
    const partial = join(temporaryFolder(), 'partial');
    writeFileSync(partial, text);
    const location = `${ROOT}/set.parquet`;
    const output = { format: 'PARQUET', location, target: location, partial } as const;
    const result = { provenance: { checksum: `sha256:${text}` } } as unknown as TrainingSetResult;
    return publishShared(folder.open(), 'job-1', output, result, { confirm, signal: new AbortController().signal });
  };

  it('does not replace what the next owner of its job wrote meanwhile', async () => {
    const folder = await openSharedFolder();
    const { server } = folder;
    let isOwner = true;
    server.uploads.onUpload = async () => {
      server.uploads.onUpload = async () => undefined;
      isOwner = false;
      await publish(folder, 'of the next owner', async () => undefined);
    };
    const paused = publish(folder, 'of the paused one', async () => {
      if (!isOwner) throw new LeaseLost('job-1');
    });
    await expect(paused).rejects.toBeInstanceOf(LeaseLost);
    expect([...server.objects]).toEqual([['team/set.parquet', 'of the next owner']]);
  });

  it('is replaced by the next owner if it was first', async () => {
    const folder = await openSharedFolder();
    const { server } = folder;
    server.uploads.onUpload = async () => {
      server.uploads.onUpload = async () => undefined;
      await publish(folder, 'of the paused one', async () => undefined);
    };
    await publish(folder, 'of the next owner', async () => undefined);
    expect([...server.objects]).toEqual([['team/set.parquet', 'of the next owner']]);
    expect(server.uploads.all.map(({ isStored }) => isStored)).toEqual([true, false, true]);
  });
});
