import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join, parse } from 'node:path';
import { build } from 'vite';

const root = join(import.meta.dirname, '../..');

/** Makes a script of the tests one that Node can run in a process of its own. */
export async function buildProcess(source: string): Promise<{ readonly script: string; readonly remove: () => void }> {
  // In dist, where packages are found as they are by the built gateway.
  const outDir = join(root, 'dist', `test-${randomUUID()}`);
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    build: { ssr: source, outDir, sourcemap: true, target: 'node20' },
  });
  return {
    script: join(outDir, `${parse(source).name}.js`),
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  };
}
