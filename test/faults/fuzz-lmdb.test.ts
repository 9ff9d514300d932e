import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

const dist = join(import.meta.dirname, '../../dist');
const CASES = 90;
const SEED = Number(process.env.FUZZ_SEED ?? 13);

const MAKE = `
  const { openLmdb } = await import(${JSON.stringify(join(dist, 'runtime/lmdb.js'))});
  const environment = openLmdb({ path: process.argv[1], maxDbs: 4 });
  for (const name of ['small', 'large']) {
    const database = environment.openDB({ name, encoding: 'binary' });
    environment.transactionSync(() => {
      for (let key = 0; key < 2000; key += 1) database.putSync('key ' + key, Buffer.alloc(name === 'large' ? 6000 : 40, key));
    });
  }
  await environment.close();`;

/** Opens a store and reads and writes everything; says that it was refused, or that it was used. */
const USE = `
  const { openLmdb } = await import(${JSON.stringify(join(dist, 'runtime/lmdb.js'))});
  let environment;
  try {
    environment = openLmdb({ path: process.argv[1], maxDbs: 4 });
  } catch (error) {
    console.log(error.name);
    process.exit(0);
  }
  for (const name of ['small', 'large']) {
    const database = environment.openDB({ name, encoding: 'binary' });
    for (const { value } of database.getRange()) value.length;
    environment.transactionSync(() => database.putSync('another', Buffer.alloc(100)));
  }
  await environment.close();
  console.log('used');`;

/** The next number below a limit, from a seed (mulberry32). */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

it('a store whose structure is damaged is refused before LMDB maps it, and no damage of it ends the process', async () => {
  const folder = temporaryFolder();
  execFileSync(process.execPath, ['--input-type=module', '-e', MAKE, folder]);
  const sound = readFileSync(join(folder, 'data.mdb'));
  const next = random(SEED);
  const outcomes = new Map<string, number>();
  for (let number = 0; number < CASES; number += 1) {
    let bytes: Buffer = Buffer.from(sound);
    const places = number % 3 === 1 ? 1 : 20;
    const size = number % 3 === 1 ? 4 * 4096 : 64;
    if (number % 3 === 0) bytes = bytes.subarray(0, next(bytes.length));
    else {
      for (let place = 0; place < places; place += 1) {
        const start = next(bytes.length - size);
        bytes.fill(next(256), start, start + size);
      }
    }
    const copy = temporaryFolder();
    writeFileSync(join(copy, 'data.mdb'), bytes);
    const child = spawn(process.execPath, ['--input-type=module', '-e', USE, copy], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    const outcome = signal ?? (code === 0 ? text.trim() : 'error');
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  console.log(`damaged LMDB files: ${JSON.stringify(Object.fromEntries(outcomes))}`);
  expect([...outcomes.keys()].filter((outcome) => outcome.startsWith('SIG'))).toEqual([]);
  expect(outcomes.get('OperatorError')).toBeGreaterThan(CASES / 2);
});
