import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const LOGGER = join(import.meta.dirname, '../../dist/observability/logger.js');

/** A process that logs, with the built logger. */
function run(program: string): ChildProcess {
  const text = `import { createLogger } from ${JSON.stringify(LOGGER)};\nconst logger = createLogger('info');\n${program}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function readLines(child: ChildProcess): Promise<string[]> {
  let text = '';
  child.stdout!.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  return text.trim().split('\n');
}

it.each([
  ['exits', `process.exit(0);`],
  ['ends by an uncaught error', `throw new Error('a fault');`],
])('the last lines are written when the process %s', async (_what, end) => {
  const lines = await readLines(
    run(`for (let line = 0; line < 1000; line += 1) logger.info({ line, text: 'é 𝄞' }, 'line');\n${end}`),
  );
  const read = lines.map((line) => JSON.parse(line) as { line: number; text: string });
  expect(read.map(({ line }) => line)).toEqual([...Array(1000).keys()]);
  expect(new Set(read.map(({ text }) => text))).toEqual(new Set(['é 𝄞']));
});

it('a process whose log is not read goes on, and its memory is bounded', async () => {
  const child = run(`
    const before = process.memoryUsage().rss;
    const text = 'x'.repeat(1000);
    for (let line = 0; line < 200_000; line += 1) {
      logger.info({ text }, 'line');
      if (line % 100 === 0) await new Promise(setImmediate);
    }
    process.send({ grownMiB: (process.memoryUsage().rss - before) / 1_048_576 });`);
  child.stdout!.pause();
  const [{ grownMiB }] = (await once(child, 'message')) as [{ grownMiB: number }];
  // 200 MB of lines, of which 16 MiB may wait.
  expect(grownMiB).toBeLessThan(150);
});
