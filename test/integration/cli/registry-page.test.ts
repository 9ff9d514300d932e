import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../../config/load-config.js';
import { startGateway } from '../../../main.js';
import { createLogger } from '../../../observability/logger.js';
import { runInit } from '../../support/run-init.js';
import { runCheck } from '../../support/run-check.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/registry.md'), 'utf8');

/** The only block of a language on the page, or the first. */
function block(language: string): string {
  const text = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(PAGE)?.[1];
  if (text === undefined) throw new Error(`the page has no block of ${language}`);
  return text;
}

/** Does what the page says. */
function writeShop(): { readonly folder: string; readonly registry: string } {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'shop'));
  writeFileSync(join(folder, 'shop/orders.csv'), block('csv'));
  writeFileSync(join(folder, 'shop/customer.sql'), block('sql'));
  writeFileSync(join(folder, 'shop/registry.yaml'), block('yaml'));
  return { folder, registry: join(folder, 'shop/registry.yaml') };
}

it('shows a registry that passes the check, with what the check prints', async () => {
  const { folder, registry } = writeShop();
  expect(await runCheck(registry, join(folder, 'data'))).toEqual({ text: block('text'), exitCode: undefined });
});

it('shows a read with the answer that a gateway of this registry gives', async () => {
  const { folder, registry } = writeShop();
  const gateway = await startGateway({
    config: parseConfig({
      FEATUREGRAPH_REGISTRY: registry,
      FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
      FEATUREGRAPH_GRAPHIQL: 'false',
      HOST: '127.0.0.1',
      PORT: '0',
    }),
    logger: createLogger('silent'),
    onPrepare: () => undefined,
  });
  onTestFinished(() => gateway.stop());
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: block('graphql') }),
  });
  expect(await response.json()).toEqual(JSON.parse(block('json')));
});

it('shows what init asks of this file, and the options that answer it', async () => {
  const { folder } = writeShop();
  const [first, ...output] = block('console').trimEnd().split('\n');
  const second = output.pop();
  const argumentsOf = (line: string | undefined) =>
    line!
      .replace('$ npx featuregraph init ', '')
      .split(' ')
      .map((word) => word.replace(/^(shop\/|drafted)/, `${folder}/$1`));
  const asked = await runInit(...argumentsOf(first)).catch((error: unknown) => (error as Error).message);
  expect(asked.replaceAll(`${folder}/`, '')).toBe(output.join('\n'));
  expect(await runInit(...argumentsOf(second))).toContain('featuregraph check finds no faults');
});
