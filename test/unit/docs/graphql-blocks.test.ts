import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema as parseSchema, parse, validate, type GraphQLSchema } from 'graphql';
import { expect, it } from 'vitest';
import { buildSchema } from '../../../resolvers/build-schema.js';
import { smallRegistry } from '../../support/small-registry.js';
import { testRegistry } from '../../support/test-registry.js';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The schemas of the registries that the documents speak of. */
const SCHEMAS: Readonly<Record<string, GraphQLSchema>> = {
  flights: parseSchema(read('schema/schema.graphql')),
  'the registry of docs/registry.md': buildSchema(
    testRegistry({
      name: 'shop',
      entityTypes: [
        {
          name: 'customer',
          sources: [
            {
              features: [
                { name: 'last_total', valueType: 'DOUBLE' },
                { name: 'last_channel', valueType: 'STRING' },
                { name: 'orders', valueType: 'INT64' },
              ],
            },
          ],
        },
      ],
    }),
  ),
  small: buildSchema(smallRegistry()),
};

const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
const blocks = documents
  .filter((file) => !file.startsWith('test/'))
  .flatMap((file) =>
    [...read(file).matchAll(/^```graphql\n(.*?)^```/gms)].map(
      ([, query], index) => [`${file}, block ${index + 1}`, query!] as const,
    ),
  );

it('the documents show operations', () => expect(blocks.length).toBeGreaterThan(15));

it.each(blocks)('is an operation of one of the schemas: %s', (_title, query) => {
  const faults = Object.entries(SCHEMAS).map(
    ([name, schema]) => [name, validate(schema, parse(query)).map(({ message }) => message)] as const,
  );
  expect(faults.some(([, messages]) => messages.length === 0) ? [] : faults).toEqual([]);
});
