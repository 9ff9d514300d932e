import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRegistry } from '../../../../datasources/registry/yaml/load-registry.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const withExpectation = (valueType: string, expectation: string): string => `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources:
          - features:
              - name: f
                valueType: ${valueType}
                expectations:
                  - ${expectation}
`;

async function load(yaml: string) {
  const path = join(temporaryFolder(), 'registry.yaml');
  writeFileSync(path, yaml);
  const registry = await loadRegistry(path);
  return registry.entityType('shop', 'customer').features[0]!.expectations;
}

/** The fault of an expectation, with its place in the file. */
async function faultOf(valueType: string, expectation: string): Promise<string> {
  const error = await load(withExpectation(valueType, expectation)).then(
    () => new Error('it was accepted'),
    (cause: unknown) => cause as Error,
  );
  return error.message.split('\n').slice(1).join('\n');
}

describe('an expectation in a registry file', () => {
  it('becomes the model with exact bounds', async () => {
    expect(
      await load(withExpectation('INT64', '{ min: -5, max: "9223372036854775807", onViolation: REJECT }')),
    ).toEqual([{ kind: 'RANGE', min: -5n, max: 9223372036854775807n, onViolation: 'REJECT' }]);
    expect(
      await load(withExpectation('TIMESTAMP', '{ min: "2001-03-07T14:00:00.000001Z", onViolation: WARN }')),
    ).toEqual([{ kind: 'RANGE', min: 983973600000001n, max: null, onViolation: 'WARN' }]);
    expect(await load(withExpectation('DOUBLE', '{ in: [0.5, -1], onViolation: QUARANTINE }'))).toEqual([
      { kind: 'SET', values: [0.5, -1], onViolation: 'QUARANTINE' },
    ]);
  });

  it.each([
    ['INT64', '{ onViolation: REJECT }', 'line 11, column 21', 'an expectation is one of'],
    ['INT64', '{ min: 1, in: [1], onViolation: REJECT }', 'line 11, column 21', 'write several for several'],
    ['INT64', '{ min: 1 }', 'line 11, column 21', 'onViolation'],
    ['INT64', '{ min: 1, onViolation: reject }', 'line 11, column 44', 'onViolation'],
    ['INT64', '{ min: 9007199254740993, onViolation: WARN }', 'line 11, column 28', 'text, such as "9007199254740993"'],
    ['DOUBLE', '{ min: 9007199254740993, onViolation: WARN }', 'line 11, column 28', 'text, such as'],
    ['DOUBLE', '{ min: "9007199254740993", onViolation: WARN }', 'line 11, column 28', 'it is not a DOUBLE'],
    ['INT64', '{ max: 1.5, onViolation: WARN }', 'line 11, column 28', 'it is not an INT64'],
    ['INT64', '{ max: "9223372036854775808", onViolation: WARN }', 'line 11, column 28', 'it is not an INT64'],
    ['INT64', '{ min: 2, max: 1, onViolation: WARN }', 'line 11, column 28', 'greater than max'],
    ['TIMESTAMP', '{ min: yesterday, onViolation: WARN }', 'line 11, column 28', '2001-03-07T14:00:00Z'],
    ['STRING', '{ min: a, onViolation: WARN }', 'line 11, column 28', 'a feature of STRING has no such expectation'],
    ['STRING', '{ minItems: 1, onViolation: WARN }', 'line 11, column 33', 'has no such expectation'],
    ['STRUCT', '{ in: [a], onViolation: WARN }', 'line 11, column 27', 'a feature of STRUCT has no such expectation'],
    ['STRING', '{ in: [a, b, a], onViolation: WARN }', 'line 11, column 34', 'it is there twice'],
    ['STRING', '{ in: [1], onViolation: WARN }', 'line 11, column 28', 'it is not a STRING'],
    ['STRING', '{ matches: "(?=a)", onViolation: WARN }', 'line 11, column 32', 'RE2 does not take it'],
    ['STRING', '{ matches: "(?<n>a)", onViolation: WARN }', 'line 11, column 32', '(?P<name>'],
    ['BOOL', '{ maxNullShare: 1, onViolation: WARN }', 'line 11, column 37', 'maxNullShare'],
    ['BOOL', '{ maxNullShare: 0.5, onViolation: QUARANTINE }', 'line 11, column 55', 'use REJECT or WARN'],
    ['STRING', '{ matches: "(a", onViolation: WARN }', 'line 11, column 32', 'RE2 does not take it'],
    ['STRING', '{ matches: "a{1,1000}", onViolation: WARN }', 'line 11, column 32', 'too large'],
    ['STRING', '{ minLength: 3, maxLength: 2, onViolation: WARN }', 'line 11, column 34', 'greater than the greatest'],
    ['STRING', '{ minLenght: 3, onViolation: WARN }', 'line 11, column 23', 'minLength'],
  ])('of %s: %s has a fault with its place', async (valueType, expectation, place, message) => {
    const fault = await faultOf(valueType, expectation);
    expect(fault).toContain(place);
    expect(fault).toContain(message);
  });

  it('of one row at a time is one of a source with event times in DuckDB', async () => {
    const of = (more: string, store = ''): string => `
featurestores:
  - name: shop
    ${store}
    entityTypes:
      - name: customer
        sources:
          - onRepeatedTime: WARN
            ${more}
            features: [{ name: f, valueType: INT64 }]
`;
    const message = async (yaml: string): Promise<string> =>
      load(yaml).then(
        () => 'it was accepted',
        (error: unknown) => (error as Error).message,
      );
    expect(await message(of(''))).toBe('it was accepted');
    expect(await message(of('static: true'))).toMatch(/line 8, column 29: .*onRepeatedTime: .* no event time/);
    const bigQuery = 'offlineStore: { kind: BIGQUERY, project: my-project, dataset: d, location: US }';
    expect(await message(of('', bigQuery))).toBe('it was accepted');
  });

  it('is one of at most 20 of a feature, and a set has at most 1,000 values', async () => {
    const many = Array.from({ length: 21 }, (_, index) => `{ min: ${index}, onViolation: WARN }`);
    expect(await faultOf('INT64', many.join('\n                  - '))).toContain('20');
    const values = Array.from({ length: 1_001 }, (_, index) => index).join(', ');
    expect(await faultOf('INT64', `{ in: [${values}], onViolation: WARN }`)).toContain('1000');
  });
});
