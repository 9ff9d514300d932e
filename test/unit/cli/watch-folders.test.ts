import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { watchFolders } from '../../../cli/watch-folders.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

it('calls once for a few changes, also in folders below, and never for the data folder', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'sql'));
  mkdirSync(join(folder, 'data'));
  let calls = 0;
  const stop = watchFolders([folder], join(folder, 'data'), async () => {
    calls += 1;
  });
  onTestFinished(stop);
  writeFileSync(join(folder, 'data/x'), '1');
  await sleep(400);
  expect(calls).toBe(0);
  writeFileSync(join(folder, 'orders.csv'), '1');
  writeFileSync(join(folder, 'sql/orders.sql'), '2');
  await until(() => calls > 0);
  await sleep(400);
  expect(calls).toBe(1);
});
