import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { OperatorError } from '../../../errors/operator-error.js';
import { checkDocuments } from '../../../server/trusted-documents/check-documents.js';
import { sha256Id } from '../../../server/trusted-documents/document-id.js';
import { parseManifest } from '../../../server/trusted-documents/manifest.js';

const TEXT = '{ __typename }';

function faultsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof OperatorError) return error.faults.length > 0 ? error.faults : [error.summary];
    throw error;
  }
  return [];
}

describe('a manifest', () => {
  it('is an object of texts, as GraphQL Code Generator and Relay write it', () => {
    const id = sha256Id(TEXT);
    expect(parseManifest(JSON.stringify({ [id]: TEXT, '0cc175b9c0f1b6a831c399e269772661': TEXT }), 'm.json')).toEqual([
      { id, text: TEXT },
      { id: '0cc175b9c0f1b6a831c399e269772661', text: TEXT },
    ]);
  });

  it('is a manifest of Apollo', () => {
    const manifest = {
      format: 'apollo-persisted-query-manifest',
      version: 1,
      operations: [{ id: 'a', name: 'A', type: 'query', body: TEXT }],
    };
    expect(parseManifest(JSON.stringify(manifest), 'm.json')).toEqual([{ id: 'a', text: TEXT }]);
    const twice = { ...manifest, operations: [...manifest.operations, ...manifest.operations] };
    expect(faultsOf(() => parseManifest(JSON.stringify(twice), 'm.json'))).toEqual(['"a": two documents have this id']);
    const later = { ...manifest, version: 2 };
    expect(faultsOf(() => parseManifest(JSON.stringify(later), 'm.json'))[0]).toMatch('are no manifest');
  });

  it.each([
    ['[]', 'are no manifest'],
    ['{', 'are not JSON'],
    [JSON.stringify({ [sha256Id(`${TEXT} `)]: TEXT }), `the text has another hash, ${sha256Id(TEXT)}`],
    [JSON.stringify({ 'sha256:12': TEXT }), 'the id must be'],
    [JSON.stringify({ 'md5:12': TEXT }), 'the id must be'],
    [JSON.stringify({ '': TEXT }), 'the id must be'],
    [JSON.stringify({ 'a b': TEXT }), 'the id must be'],
    [JSON.stringify({ ['a'.repeat(201)]: TEXT }), 'it may have 200'],
    [JSON.stringify(Object.fromEntries(Array.from({ length: 5_001 }, (_, n) => [n, TEXT]))), 'may have 5000'],
  ])('with a fault is refused: %.40s', (text, fault) => {
    const faults = faultsOf(() => parseManifest(text, 'm.json'));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });
});

it('names the id of each document that is not valid for the schema', () => {
  const schema = buildSchema('type Query { a: Int }');
  const documents = [
    { id: 'good', text: '{ a }' },
    { id: 'unknown', text: '{ b }' },
    { id: 'broken', text: '{' },
    { id: 'deep', text: `${'{ a '.repeat(101)}${'}'.repeat(101)}` },
  ];
  expect(faultsOf(() => checkDocuments(documents, { schema, rules: [], path: 'm.json' }))).toEqual([
    '"unknown": Cannot query field "b" on type "Query". Did you mean "a"?',
    '"broken": Syntax Error: Expected Name, found <EOF>.',
    expect.stringMatching(/^"deep": .*nested deeper/),
  ]);
});

it('the manifest of the flights, as codegen writes it, is valid for their schema', () => {
  const root = join(import.meta.dirname, '../../..');
  const schema = buildSchema(readFileSync(join(root, 'schema/schema.graphql'), 'utf8'));
  const path = join(root, 'examples/flights/generated/persisted-documents.json');
  const documents = parseManifest(readFileSync(path, 'utf8'), path);
  expect(checkDocuments(documents, { schema, rules: [], path }).length).toBeGreaterThan(20);
});
