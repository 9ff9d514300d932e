// Bundles the page, unless the bundle is newer than all its inputs: a second `npm start` should not take five seconds.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const folder = import.meta.dirname;
const inputs = [...readdirSync(folder).map((name) => join(folder, name)), join(folder, '../package-lock.json')];
const bundle = statSync(join(folder, '../dist/console/index.html'), { throwIfNoEntry: false });

if (!bundle || inputs.some((input) => statSync(input).mtimeMs > bundle.mtimeMs)) {
  const { build } = await import('vite');
  await build({ configFile: join(folder, 'vite.config.ts'), logLevel: 'error' });
}
