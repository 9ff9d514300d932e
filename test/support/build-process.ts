import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join, parse } from 'node:path';
import { afterAll } from 'vitest';
import { build } from 'vite';

const root = join(import.meta.dirname, '../..');

/** Makes a script of the tests one that Node can run in a process of its own; gives its path. Gone when the tests end. */
export async function buildProcess(source: string): Promise<string> {
  // In dist, where packages are found as they are by the built gateway.
  const outDir = join(root, 'dist', `test-${randomUUID()}`);
  afterAll(() => rmSync(outDir, { recursive: true, force: true }));
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    build: { ssr: source, outDir, sourcemap: true, target: 'node20' },
  });
  return join(outDir, `${parse(source).name}.js`);
}
