import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectResourceNames, redactResourceNames } from '../../../../datasources/google/redact-resource-names.js';

describe('words of Vertex AI for a client', () => {
  it.each([
    ['Access Denied: Table secret-project:features.customer_daily: User does not have permission to query table'],
    ['Not found: Dataset secret-project:features was not found in location us-central1'],
    ['Table secret-project.features.customer_daily not found'],
    ['BigQuery source `secret-project.features.customer_daily` is empty'],
    ["Permission 'x.create' denied on resource '//aiplatform.googleapis.com/projects/secret-project/locations/eu'."],
    ['service-123456789012@gcp-sa-aiplatform.iam.gserviceaccount.com does not have storage.objects.create access'],
    ['no access to the Google Cloud Storage bucket secret-bucket.'],
    ['alice@secret-corp.com does not have access to bucket secret-bucket'],
    ['Project 123456789012 has exceeded quota'],
    ['Vertex AI API has not been used in project 123456789012 before or it is disabled.'],
    ['Enable it by visiting https://console.developers.google.com/apis?project=123456789012 then retry.'],
    ['connect to us-central1-aiplatform.googleapis.com:443 at 10.128.0.7:8080 or fe80::1:2:3:4 failed'],
    ['Dataset "features" in bq://secret-project.features, folders/123456789012'],
    ['example.com:secret-project.features.customer_daily: gone; table customer_daily too'],
  ])('have no name in them that looks like one of a resource: %s', (text) => {
    expect(redactResourceNames([])(text)).not.toMatch(
      /secret|features|customer_daily|alice|123456789012|googleapis|10\.128|fe80|gserviceaccount/,
    );
  });

  it.each([
    ['Feature "amount" must be between 0.5 and 10.25, got -3 (row 17, at 2026-06-01T12:30:45Z).'],
    ['ValueError: could not convert string to float: "n/a" in column customer_age'],
    ['The table is empty, the bucket does not exist, and the project has exceeded its quota in us-central1.'],
    ['Expected 12 predictions, got 11: errors in 1 of 12 instances; retry in 30s! (code=3)'],
    ['User 42 has no address; phone 4915112345678; version 1.5.2'],
  ])('are what they were where they name nothing: %s', (text) => {
    expect(redactResourceNames(['delay', 'demo-project'])(text)).toBe(text);
  });

  it('have every name known that stands in an address of the job', () => {
    expect(
      collectResourceNames([
        { uris: ['gs://some-files/in/flights 1.jsonl'], format: 'jsonl', input: 'bq://the-project.work.instances' },
        'projects/123456789012/locations/europe-west4/models/delay@2',
        'example.com:scoped.work.predictions',
        null,
      ]).sort(),
    ).toEqual([
      '123456789012',
      'delay',
      'example.com:scoped',
      'flights 1.jsonl',
      'in/flights 1.jsonl',
      'instances',
      'some-files',
      'the-project',
      'work',
    ]);
  });

  const project = fc.stringMatching(/^[a-z][a-z0-9-]{5,20}[a-z0-9]$/);
  const plain = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{5,20}$/);
  const bucket = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{5,30}[a-z0-9]$/);
  const number = fc.stringMatching(/^[1-9][0-9]{11}$/);
  const world = fc.record({ project, number, dataset: plain, table: plain, model: plain, bucket, file: plain });
  type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

  /** Those that are in sentences of Google, whosesoever they are. */
  const anybodys = ({ project, number, dataset, table, model, bucket, file }: World): string[] => [
    `Access Denied: Table ${project}:${dataset}.${table}: User does not have bigquery.tables.getData`,
    `Not found: Table ${project}.${dataset}.${table} in location EU, nor Dataset ${project}:${dataset}.`,
    `cannot read gs://${bucket}/${file}.jsonl, nor 'bq://${project}.${dataset}'`,
    `The Model "projects/${number}/locations/us-central1/models/${model}@2" does not exist`,
    `Project ${number} has exceeded its quota (consumer 'projects/${number}')`,
    `sa-${model}@${project}.iam.gserviceaccount.com may not write`,
    `see https://console.cloud.google.com/${file}?project=${project}, or ${project}.internal.${dataset}:8080`,
  ];
  /** Those that can only be known from the job. */
  const known = ({ project, number, dataset, table, model, bucket, file }: World): string[] => [
    `no ${table} in ${dataset} of ${project}, [${model}], (${bucket}); \`${file}.jsonl\``,
    `${project}'s ${table.toUpperCase()}=${dataset}: ${bucket}/x, model:${model}.`,
    `quota of ${number} for ${model}-endpoint and ${project}-staging, file ${file}.jsonl`,
  ];

  /** A name that is a piece of the sentence itself would be found in it, whatever is left out. */
  const WORDS = [anybodys, known]
    .flatMap((sentences) =>
      sentences({ project: '', number: '', dataset: '', table: '', model: '', bucket: '', file: '' }),
    )
    .join(' ');
  const named = (all: World): string[] =>
    Object.values(all).filter((name) => !WORDS.toLowerCase().includes(name.toLowerCase()));

  it('have none of the names in them, whatever the resources are called', () => {
    fc.assert(
      fc.property(world, world, (ours, others) => {
        const { project, number, dataset, table, model, bucket, file } = ours;
        const names = collectResourceNames([
          `projects/${number}/locations/europe-west4/models/${model}`,
          `bq://${project}.${dataset}.${table}`,
          [`gs://${bucket}/in/${file}.jsonl`],
        ]);
        for (const sentence of [...anybodys(ours), ...known(ours), ...anybodys(others)]) {
          const told = redactResourceNames(names)(sentence).toLowerCase();
          for (const name of [...named(ours), ...named(others)]) expect(told).not.toContain(name.toLowerCase());
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are left out in little time, however long the text is', () => {
    for (const piece of ['a', 'a.', 'a:', '-', ' ', '@', 'a@', '/', 'projects/', 'table ', "'", '0:', '1.']) {
      expect(redactResourceNames(['some-project', 'a-b'])(piece.repeat(200_000)).length).toBeGreaterThan(0);
    }
  });
});
