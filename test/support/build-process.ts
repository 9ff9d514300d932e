import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join, parse } from 'node:path';
import { build } from 'vite';

const root = join(import.meta.dirname, '../..');

/** Makes a script of the tests one that Node can run in a process of its own. */
export async function buildProcess(source: string): Promise<{ readonly script: string; readonly remove: () => void }> {
  // In dist, where packages are found as they are by the built gateway.
  const outDir = join(root, 'dist', `test-${randomUUID()}`);
  const { name } = parse(source);
  // The reader of files forks a file of its own, which it finds beside itself.
  const input = { [name]: source, 'worker/main': join(root, 'datasources/files/worker/main.ts') };
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: true,
      outDir,
      sourcemap: true,
      target: 'node20',
      rolldownOptions: { input, output: { entryFileNames: '[name].js' } },
    },
  });
  return {
    script: join(outDir, `${name}.js`),
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  };
}
