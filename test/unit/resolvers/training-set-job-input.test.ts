import { expect, it } from 'vitest';
import { trainingSetJobInput } from '../../../resolvers/training-set-job-input.js';

const JOINS = [
  { featurestore: 'shop', entityType: 'customer', entityIdColumns: ['who'], features: ['city'], prefix: '' },
];
const SPEC = {
  labels: { kind: 'FILE', file: 'june.parquet', format: 'PARQUET', timeColumn: 'at' },
  joins: JOINS,
  options: { knownAt: 5n },
  withTimestamps: true,
  output: { format: 'CSV', location: null },
} as const;

const NO_OPTIONS = {
  delimiter: null,
  header: null,
  nullText: null,
  decimal: null,
  encoding: null,
  compression: null,
  dateFormat: null,
  timestampFormat: null,
  timeZone: null,
  dateAsMoment: null,
};

it('is what the client gave, with the defaults of what it did not say', () => {
  expect(trainingSetJobInput(SPEC)).toEqual({
    labelsFile: 'june.parquet',
    labelsFileOptions: NO_OPTIONS,
    labelsTable: null,
    labelsGenerated: null,
    labelsInRequest: null,
    timeColumn: 'at',
    joins: JOINS,
    ttlMicroseconds: null,
    strictlyBefore: false,
    knownAtLabelTime: false,
    knownAt: 5n,
    includeExpired: false,
    withTimestamps: true,
    validation: 'SAMPLE',
    validationSeed: 0,
  });
});

it('counts the labels of a request, and gives a ttl of any age as 0', () => {
  const labels = { kind: 'INLINE', rows: [{ at: 'x' }, { at: 'y' }], timeColumn: 'at' } as const;
  const input = trainingSetJobInput({ ...SPEC, labels, ttl: null, validation: { mode: 'FULL', seed: 3 } });
  expect(input).toMatchObject({ labelsInRequest: 2, ttlMicroseconds: 0n, validation: 'FULL', validationSeed: 3 });
});

it('has what was said of the file of the labels', () => {
  const labels = { ...SPEC.labels, options: { timeZone: 'Europe/Zurich', dateAsMoment: 'END_OF_DAY' } } as const;
  expect(trainingSetJobInput({ ...SPEC, labels }).labelsFileOptions).toEqual({ ...NO_OPTIONS, ...labels.options });
  const table = { kind: 'TABLE', table: 'labels', timeColumn: 'at' } as const;
  expect(trainingSetJobInput({ ...SPEC, labels: table }).labelsFileOptions).toBeNull();
});
