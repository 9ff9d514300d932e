import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPriceBooks } from '../../../costs/files/load-price-books.js';
import { estimateCli } from '../../support/estimate-cli.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const text = readFileSync(join(import.meta.dirname, '../../../docs/costs.md'), 'utf8');

describe('docs/costs.md', () => {
  const examples = [...text.matchAll(/```sh\nfeaturegraph estimate (.*)\n```\n\n```text\n([^`]*)```/g)];

  it('has examples', () => {
    expect(examples).toHaveLength(3);
  });

  it.each(examples.map(([, options, answer]) => [options!, answer!]))('estimate %s', async (options, answer) => {
    expect(answer).toBe(await estimateCli(...options.split(' ')));
  });

  it('shows a price book that can be read', async () => {
    const path = join(temporaryFolder(), 'ours.json');
    writeFileSync(path, /```json\n([^`]*)```/.exec(text)![1]!);
    expect((await loadPriceBooks(path)).map(({ book }) => book.name)).toContain('ours');
  });
});
