import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backtestCommand } from '../../../cli/commands/backtest.js';
import { namedOptions, refusalOf } from '../../support/command-refusal.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const PLACE = ['--model', 'score', '--featurestore', 'shop', '--entity-type', 'customer'];
const refusal = (...args: string[]) => refusalOf(backtestCommand(), args);

describe('featuregraph backtest', () => {
  it('names each option that is missing', async () => {
    expect(namedOptions(await refusal())).toEqual([
      '--model',
      '--featurestore',
      '--entity-type',
      '--labels, --every or --events-of',
      '--actual or --actual-feature',
      '--window',
    ]);
    expect(
      namedOptions(await refusal(...PLACE, '--every', '1d', '--actual-feature', 'spent', '--window', '1w')),
    ).toEqual(['--from', '--until', '--horizon-seconds']);
  });

  it('needs no option beside a file of the input', async () => {
    const file = join(temporaryFolder(), 'input.json');
    writeFileSync(file, '{}');
    expect((await refusal('--input', file)).message).not.toContain('Add these options');
    const complete = [...PLACE, '--labels', 'labels.csv', '--actual', 'bought', '--window', '1w'];
    expect((await refusal(...complete)).message).not.toContain('Add these options');
  });

  it.each([
    ['--horizon-seconds', 'week', 'a number of seconds above 0'],
    ['--horizon-seconds', '0', 'a number of seconds above 0'],
    ['--threshold', '2', 'a number from 0 to 1'],
  ])('refuses %s %s', async (option, value, reason) => {
    expect((await refusal(option, value)).message).toContain(reason);
  });
});
