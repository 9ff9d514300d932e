import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLab, request, waitForEnd } from '../../support/batch-prediction-lab.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

async function start(name: string, content: string | Uint8Array, format: 'CSV' | 'JSONL') {
  const lab = await openLab({ folder: temporaryFolder() });
  onTestFinished(lab.stop);
  writeFileSync(join(lab.files.folder, name), content);
  return { lab, job: await lab.batch.start(request({ kind: 'FILES', files: [name], format })) };
}

describe('inputs of batch predictions', () => {
  it.each<[string, string | Uint8Array]>([
    ['in.csv', 'a,b,note\n1,2,"x\ny"\n2,3,c\n'],
    ['in.tsv', 'a\tb\n1\t2\n2\t3\n'],
    ['in.csv.gz', gzipSync('a,b\n1,2\n2,3\n')],
  ])('are read: %s', async (name, content) => {
    const { lab, job } = await start(name, content, 'CSV');
    expect(await waitForEnd(lab, job.id)).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 2n } });
  });

  it.each<[string, string, 'CSV' | 'JSONL', string]>([
    ['zero.csv', '', 'CSV', '"zero.csv": it is empty'],
    ['zero.jsonl', '', 'JSONL', '"zero.jsonl": it is empty'],
    ['array.jsonl', '[{"a":1,"b":2}]', 'JSONL', 'it is a list'],
    ['lists.jsonl', '[1.5, 2]\n[2.5, 3]\n', 'JSONL', 'with a name for each value'],
    ['plain.csv.gz', 'a,b\n1,2\n', 'CSV', 'it is not a complete gzip file'],
    ['twice.csv', 'a,b,a\n1,2,3\n', 'CSV', 'are both called "a"'],
    ['wide.csv', `${Array.from({ length: 20_000 }, (_, i) => `c${i}`).join(',')}\n`, 'CSV', 'more than 2000 columns'],
    ['deep.jsonl', `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 'JSONL', 'nested deeper than 64 levels'],
  ])('are refused before a job is started, in one sentence: %s', async (name, content, format, message) => {
    await expect(start(name, content, format)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'input.files' },
      message: expect.stringContaining(message),
    });
  });
});
