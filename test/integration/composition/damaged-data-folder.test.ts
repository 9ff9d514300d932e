import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { OperatorError } from '../../../errors/operator-error.js';
import { canMount } from '../../support/small-disk.js';
import { startShopGateway } from '../../support/shop-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** A data folder that a gateway made and left. */
let sound: string;

beforeAll(async () => {
  sound = mkdtempSync(join(tmpdir(), 'featuregraph-sound-'));
  await (await startShopGateway(sound)).stop();
});

afterAll(() => rmSync(sound, { recursive: true }));

/** A copy of the sound folder with one change; gives why a gateway does not start with it. */
async function startAfter(change: (data: string) => void): Promise<string> {
  const folder = temporaryFolder();
  cpSync(sound, folder, { recursive: true });
  change(join(folder, 'data'));
  const error: unknown = await startShopGateway(folder).then(
    (gateway) => gateway.stop().then(() => undefined),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OperatorError);
  return (error as OperatorError).message;
}

function edit(path: string, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path);
  change(bytes);
  writeFileSync(path, bytes);
}

const LMDB_FAULTS: [string, (path: string) => void, RegExp][] = [
  ['is a text', (path) => writeFileSync(path, 'hello '.repeat(5000)), /it is not an LMDB file/],
  ['is all zeros', (path) => edit(path, (bytes) => bytes.fill(0)), /it is not an LMDB file/],
  ['is cut off in its head', (path) => truncateSync(path, 100), /shorter than its head/],
  ['is cut off after its head', (path) => truncateSync(path, 8192), /its end is missing/],
  ['is of another version', (path) => edit(path, (bytes) => bytes.writeUInt32LE(1, 28)), /version 1 of LMDB's format/],
  ['has a damaged second head', (path) => edit(path, (bytes) => bytes.fill(7, 4096, 4300)), /it is not an LMDB file/],
  ['has zeros in place of its pages', (path) => edit(path, (bytes) => bytes.fill(0, 8192)), /its page \d+ is damaged/],
];

describe('a gateway whose data folder is damaged says what is wrong and what to do, and its process lives on', () => {
  it.each([
    ...LMDB_FAULTS.map((fault) => ['online', ...fault] as const),
    ...['jobs', 'costs'].flatMap((store) => LMDB_FAULTS.slice(-2).map((fault) => [store, ...fault] as const)),
  ])('LMDB, %s: the file %s', async (store, _what, damage, fault) => {
    const message = await startAfter((data) => damage(join(data, store, 'data.mdb')));
    expect(message).toMatch(fault);
    expect(message).toMatch(/The embedded store in .* cannot be opened:.*Restore the data folder from a backup/s);
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ['is a text', (path) => writeFileSync(path, 'hello '.repeat(5000)), /it is not a DuckDB file/],
    ['is empty', (path) => truncateSync(path, 0), /it is not a DuckDB file/],
    ['is cut off in its head', (path) => truncateSync(path, 5000), /damaged or cut off/],
    ['is cut off', (path) => truncateSync(path, 12_288), /damaged or cut off/],
    ['has damaged heads', (path) => edit(path, (bytes) => bytes.fill(7, 4096, 12_288)), /damaged or cut off/],
    [
      'is of a version that is not known',
      (path) => edit(path, (bytes) => bytes.writeBigUInt64LE(999n, 12)),
      /damaged or cut off \(version 999 of DuckDB's format\)/,
    ],
  ])('DuckDB %s', async (_what, damage, fault) => {
    const message = await startAfter((data) => damage(join(data, 'offline.duckdb')));
    expect(message).toMatch(fault);
    expect(message).not.toContain('another process');
  });

  it.each(['online', 'jobs', 'costs', 'files', 'work'])('a file is in the place of the folder %s', async (name) => {
    const message = await startAfter((data) => {
      rmSync(join(data, name), { recursive: true, force: true });
      writeFileSync(join(data, name), 'no folder');
    });
    expect(message).toMatch(new RegExp(`${name} is missing:.*a file is in its place`, 's'));
  });

  it('a folder is in the place of the offline store', async () => {
    const message = await startAfter((data) => {
      rmSync(join(data, 'offline.duckdb'));
      mkdirSync(join(data, 'offline.duckdb'));
    });
    expect(message).toMatch(/The offline store .* cannot be opened:/);
    expect(message).not.toContain('another process');
  });

  it.each([
    ['newer', '{"format":2}', /it has format 2, and this featuregraph reads format 1\. Use a newer featuregraph/],
    ['older', '{"format":0}', /it has format 0, and this featuregraph reads format 1\. Use an earlier featuregraph/],
    ['unknown', '{"form', /format\.json is damaged/],
  ])('the folder of a version that is %s', async (_what, text, fault) => {
    expect(await startAfter((data) => writeFileSync(join(data, 'format.json'), text))).toMatch(fault);
  });

  it.skipIf(!canMount())('the folder is read-only (needs root, for a small tmpfs)', async () => {
    const message = await startAfter((data) => {
      mount(['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', data]);
      onTestFinished(() => void execFileSync('umount', ['-l', data]));
      cpSync(join(sound, 'data'), data, { recursive: true });
      mount(['-o', 'remount,ro', data]);
    });
    expect(message).toMatch(/its file system is read-only\. Set FEATUREGRAPH_DATA_DIR/);
  });
});

it('a gateway starts again with the folder of an earlier version, which has no format.json', async () => {
  const folder = temporaryFolder();
  cpSync(sound, folder, { recursive: true });
  rmSync(join(folder, 'data/format.json'));
  await (await startShopGateway(folder)).stop();
  expect(readFileSync(join(folder, 'data/format.json'), 'utf8')).toBe('{"format":1}\n');
});

function mount(flags: readonly string[]): void {
  execFileSync('mount', flags, { stdio: 'ignore' });
}
