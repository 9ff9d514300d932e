import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createStateFile, readStateFile, StateFile } from '../../../migrate/state/state-file.js';
import type { StateDocument } from '../../../migrate/state/state-document.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const document: StateDocument = {
  version: 1,
  planId: '0123456789ab',
  plannedAt: '2026-11-29T09:00:00Z',
  project: 'p',
  location: 'europe-west4',
  registry: '',
  cannotMove: [],
  steps: ['a', 'b'].map((id) => ({
    id,
    phase: id,
    kind: 'decision' as const,
    title: id,
    cost: 'nothing',
    undo: 'nothing',
    instructions: [],
  })),
  progress: {},
};
const clock = () => 1_000_000n;

async function created(): Promise<string> {
  const path = join(temporaryFolder(), 'migration.json');
  await createStateFile(path, document);
  return path;
}

describe('a state file', () => {
  it('has each change when the next call begins', async () => {
    const path = await created();
    const state = await StateFile.open(path, clock);
    await state.begin('a');
    await state.note('a', { operation: 'operations/1' });
    expect((await readStateFile(path)).progress.a).toMatchObject({ status: 'begun', operation: 'operations/1' });
    await state.end('a', 'done', null);
    expect((await readStateFile(path)).progress.a).toMatchObject({ status: 'done' });
    await state.close();
  });

  it('keeps the operation of a step that begins again', async () => {
    const path = await created();
    const state = await StateFile.open(path, clock);
    await state.begin('a');
    await state.note('a', { operation: 'operations/1', failedJobs: 2 });
    await state.begin('a');
    expect(state.progressOf('a')).toMatchObject({ operation: 'operations/1', failedJobs: 2 });
    await state.close();
  });

  it('is of one run at a time; the lock of a process that is gone is taken over', async () => {
    const path = await created();
    const state = await StateFile.open(path, clock);
    await expect(StateFile.open(path, clock)).rejects.toThrow(`The process ${process.pid} uses`);
    await state.close();
    // No process has this id: it is above the largest one of Linux.
    await writeFile(`${path}.lock`, '4194305');
    await (await StateFile.open(path, clock)).close();
    await expect(readFile(`${path}.lock`)).rejects.toThrow('ENOENT');
  });

  it('is refused when it is missing, damaged, or has two steps of one id', async () => {
    const path = await created();
    await expect(readStateFile(`${path}.none`)).rejects.toThrow('migrate plan --out');
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 100));
    await expect(readStateFile(path)).rejects.toThrow('not a state file');
    await writeFile(path, JSON.stringify({ ...document, steps: [document.steps[0], document.steps[0]] }));
    await expect(readStateFile(path)).rejects.toThrow('not a state file');
    await expect(StateFile.open(path, clock)).rejects.toThrow('not a state file');
    await expect(readFile(`${path}.lock`)).rejects.toThrow('ENOENT');
  });
});
