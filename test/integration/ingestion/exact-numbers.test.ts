import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../main.js';
import { startRegistryGateway } from '../../support/registry-gateway.js';

const REGISTRY = `
featurestores:
  - name: lab
    entityTypes:
      - name: sample
        sources:
          - name: values
            features:
              - { name: double, valueType: DOUBLE }
              - { name: double_array, valueType: DOUBLE_ARRAY }
              - { name: int64, valueType: INT64 }
              - { name: struct, valueType: STRUCT }
      - name: plain
        sources:
          - name: measured
            features: [{ name: double, valueType: DOUBLE }]
`;
const TIME = '2001-03-07T14:00:00Z';
const WRITE = `mutation ($input: WriteFeatureValuesInput!) {
  writeFeatureValues(input: $input) { written userErrors { message } }
}`;

let folder: string;
let gateway: Gateway;
let entities = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'featuregraph-exact-'));
  writeFileSync(join(folder, 'registry.yaml'), REGISTRY);
  gateway = await startRegistryGateway(folder);
});
afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true });
});

/** A body with a number as it is written, which JSON.stringify cannot write. */
async function post(path: string, type: string, body: string): Promise<string> {
  const url = new URL(path, gateway.url);
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
  return response.text();
}

const ask = (query: string, variables: string): Promise<string> =>
  post('/graphql', 'application/json', `{"query": ${JSON.stringify(query)}, "variables": ${variables}}`);

/** Each writes a value, given as JSON, and says whether it was written. */
const WAYS = {
  variables: async (entityType: string, entityId: string, feature: string, json: string) => {
    const row = `{"entityType": "${entityType}", "entityId": "${entityId}", "timestamp": "${TIME}", "values": [{"feature": "${feature}", "value": ${json}}]}`;
    return (await ask(WRITE, `{"input": {"featurestore": "lab", "rows": [${row}]}}`)).includes('"written":1');
  },
  literals: async (entityType: string, entityId: string, feature: string, json: string) => {
    const value = json.replaceAll('"a"', 'a');
    const row = `{entityType: "${entityType}", entityId: "${entityId}", timestamp: "${TIME}", values: [{feature: "${feature}", value: ${value}}]}`;
    const text = await ask(
      `mutation { writeFeatureValues(input: {featurestore: "lab", rows: [${row}]}) { written userErrors { message } } }`,
      '{}',
    );
    return text.includes('"written":1');
  },
  lines: async (entityType: string, entityId: string, feature: string, json: string) => {
    const line = `{"entityId": "${entityId}", "timestamp": "${TIME}", "values": {"${feature}": ${json}}}`;
    return (await post(`/ingest/lab/${entityType}`, 'application/x-ndjson', line)).includes('WRITTEN');
  },
};

const READS = [
  `query ($id: ID!, $type: String!, $asOf: DateTime) {
    entity(featurestore: "lab", entityType: $type, entityId: $id, asOf: $asOf) { features(names: ["NAME"]) { value } }
  }`,
  `query ($id: ID!, $type: String!, $asOf: DateTime) {
    entity(featurestore: "lab", entityType: $type, entityId: $id, asOf: $asOf) { ... on TYPE { value: NAME } }
  }`,
];

/** The texts of a value in the answers to reads of each kind, now and of the past, by the hot lane and before it. */
async function readTexts(entityType: string, entityId: string, feature: string): Promise<string[]> {
  const texts = new Set<string>();
  const typed = feature.replace('_a', 'A');
  const objectType = entityType === 'plain' ? 'LabPlain' : 'LabSample';
  for (const [index, query] of READS.entries()) {
    for (const asOf of ['null', '"2002-01-01T00:00:00Z"', 'null', '"2002-01-01T00:00:00Z"']) {
      const text = await ask(
        query.replace('NAME', index === 0 ? feature : typed).replace('TYPE', objectType),
        `{"id": "${entityId}", "type": "${entityType}", "asOf": ${asOf}}`,
      );
      texts.add(/"value":(.*?)\}+\]?\}/.exec(text)?.[1] ?? text);
    }
  }
  return [...texts];
}

type Case = readonly [entityType: string, feature: string, json: string, expected: string | null];

/** null: refused. A number in variables may also be refused where it is taken elsewhere. */
const CASES: readonly Case[] = [
  ['sample', 'double', '-0', '-0'],
  ['sample', 'double', '-0.0e3', '-0'],
  ['sample', 'double', '0', '0'],
  ['sample', 'double', '1e400', null],
  ['sample', 'double', '-1.7976931348623159e308', null],
  ['sample', 'double', '1E-400', null],
  ['sample', 'double', '1279596753263021188E1', null],
  ['sample', 'double', '900719925474099.3e1', null],
  ['sample', 'double', '12345678901234567.25', null],
  ['sample', 'double', '9007199254740991.4e0', null],
  ['sample', 'double', '9.9999999999999992e22', '1e+23'],
  ['sample', 'double', '1e23', '1e+23'],
  ['sample', 'double', '0.1234567890123456789', '0.12345678901234568'],
  ['plain', 'double', '-0', '-0'],
  ['plain', 'double', '1279596753263021188E1', null],
  ['plain', 'double', '-9007199254740993e0', null],
  ['plain', 'double', '12345678901234567.25', null],
  ['plain', 'double', '1e400', null],
  ['plain', 'double', '9.9999999999999992e22', '1e+23'],
  ['plain', 'double', '0.1234567890123456789', '0.12345678901234568'],
  ['sample', 'double_array', '[-0, 0, 1.5]', '[-0,0,1.5]'],
  ['sample', 'double_array', '[1e400]', null],
  ['sample', 'double_array', '[1279596753263021188E1]', null],
  ['sample', 'int64', '-0', '"0"'],
  ['sample', 'int64', '1279596753263021188E1', null],
  ['sample', 'int64', '9007199254740993e0', null],
];

const STRUCTS: readonly Case[] = [
  ['-0', '-0'],
  ['[1, -0.0]', '[1,-0]'],
  ['0.1234567890123456789', '"0.1234567890123456789"'],
  ['[[0.12345678901234567]]', '[["0.12345678901234567"]]'],
  ['0.30000000000000004', '0.30000000000000004'],
  ['0.10000000000000000555', '0.1'],
  ['3e-324', '"3e-324"'],
  ['1e18', '"1000000000000000000"'],
  ['-9.223372036854775808e18', '"-9223372036854775808"'],
  ['1e21', '1e+21'],
  ['1279596753263021188E1', '"1279596753263021188E1"'],
  ['1e400', null],
].map(([json, expected]) => ['sample', 'struct', `{"a": ${json}}`, expected === null ? null : `{"a":${expected}`]);

describe('a number is read as it was written, or refused, by each way of writing', () => {
  it.each([...CASES, ...STRUCTS])('%s.%s: %s', async (entityType, feature, json, expected) => {
    for (const [way, write] of Object.entries(WAYS)) {
      const entityId = `e${(entities += 1)}`;
      const isWritten = await write(entityType, entityId, feature, json);
      if (way !== 'variables') expect(isWritten, way).toBe(expected !== null);
      if (!isWritten) continue;
      expect(await readTexts(entityType, entityId, feature), way).toEqual([expected]);
    }
  });

  it('a number in variables whose digits a STRUCT keeps is not rounded', async () => {
    expect(await WAYS.variables('sample', 'kept', 'struct', '{"a": 0.1234567890123456789}')).toBe(true);
    expect(await readTexts('sample', 'kept', 'struct')).toEqual(['{"a":"0.1234567890123456789"']);
  });
});
