import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPriceBooks } from '../../costs/files/load-price-books.js';
import { PUBLISHED_BOOKS } from '../../costs/files/published-books.js';
import { loadRegistry } from '../../datasources/registry/yaml/load-registry.js';
import { OperatorError } from '../../errors/operator-error.js';
import { parseYaml } from '../../runtime/parse-yaml.js';
import { bounded } from '../support/fuzz.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'featuregraph-fuzz-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const REGISTRY = `featurestores:
  - name: shop
    labels: { team: sales }
    entityTypes:
      - name: customer
        entityIdColumns: [customer]
        ttlSeconds: 100
        sources:
          - name: notes
            features:
              - { name: note, valueType: STRING, description: A note. }
              - { name: orders, valueType: INT64, unit: orders }
    featureViews:
      - { name: all, entityType: customer, features: [note], schedule: '0 * * * *' }
models:
  - name: delay
    runtime: HTTP
`;
const PIECES = [
  ...'- : { } [ ] & * ! | > ? # % @ ` , " \' << ~ null true -1 1e999 .nan .inf 0x1 ---'.split(' '),
  ...'&a [*a] *a !!binary !!set featurestores entityTypes features __proto__ constructor'.split(' '),
  '\n',
  '\t',
  '\u0000',
  '\ufeff',
  '- - - - -',
  '9007199254740993',
  ' '.repeat(40),
];

/** A text with some of its pieces replaced, doubled or left out. */
function edited(text: string, pieces: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.tuple(fc.nat(), fc.nat(20), fc.constantFrom(...pieces));
  return fc.array(edit, { minLength: 1, maxLength: 5 }).map((edits) =>
    edits.reduce((current, [at, length, piece]) => {
      const start = at % (current.length + 1);
      return current.slice(0, start) + piece + current.slice(start + length);
    }, text),
  );
}

async function isReadOrRefused(read: () => Promise<unknown>): Promise<void> {
  const error: unknown = await read().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return;
  expect(error).toBeInstanceOf(OperatorError);
  expect((error as OperatorError).message).not.toMatch(/ {4}at |node:internal|call stack/);
}

describe('a file of an operator is read, or refused with what is wrong, and never ends the process', () => {
  it('a registry', () =>
    bounded(
      fc.asyncProperty(fc.oneof(edited(REGISTRY, PIECES), fc.string({ unit: 'binary' })), async (text) => {
        const path = join(folder, 'registry.yaml');
        writeFileSync(path, text);
        await isReadOrRefused(() => loadRegistry(path));
      }),
    ));

  it('a YAML text', () =>
    bounded(
      fc.property(
        fc.oneof(
          fc.array(fc.constantFrom(...PIECES)).map((all) => all.join(' ')),
          fc.string(),
        ),
        (text) => {
          const { content, faults } = parseYaml(text);
          if (faults.length > 0) expect(content).toBeUndefined();
        },
      ),
    ));

  it('a price book', () =>
    bounded(
      fc.asyncProperty(
        fc.oneof(
          edited(JSON.stringify(PUBLISHED_BOOKS[0]), [
            '{',
            '}',
            '[',
            ']',
            ',',
            ':',
            '"',
            'null',
            '-1',
            '1e999',
            '"x"',
            '{}',
          ]),
          fc.json({ maxDepth: 6 }),
          fc.constant('['.repeat(100_000)),
          fc.constant('{"prices":'.repeat(5_000) + '1' + '}'.repeat(5_000)),
        ),
        async (text) => {
          const path = join(folder, 'book.json');
          writeFileSync(path, text);
          await isReadOrRefused(() => loadPriceBooks(path));
        },
      ),
    ));
});
