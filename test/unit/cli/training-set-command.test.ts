import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainingSetCommand } from '../../../cli/commands/training-set.js';
import { namedOptions, refusalOf } from '../../support/command-refusal.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const PLACE = ['--featurestore', 'shop', '--entity-type', 'customer'];
const refusal = (...args: string[]) => refusalOf(trainingSetCommand(), args);

describe('featuregraph training-set', () => {
  it('names each option that is missing', async () => {
    expect(namedOptions(await refusal())).toEqual([
      '--featurestore',
      '--entity-type',
      '--labels, --labels-table, --every or --events-of',
    ]);
    expect(namedOptions(await refusal(...PLACE, '--events-of', 'orders_7d'))).toEqual(['--from', '--until']);
  });

  it('needs no option beside a file of the input', async () => {
    const file = join(temporaryFolder(), 'input.json');
    writeFileSync(file, '{}');
    for (const args of [
      ['--input', file],
      [...PLACE, '--labels', 'labels.csv'],
      [...PLACE, '--labels-table', 'labels'],
    ]) {
      expect((await refusal(...args)).message).not.toContain('Add these options');
    }
  });
});
