import { buildClientSchema, getIntrospectionQuery, isInputObjectType, printSchema, printType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallRegistry } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry());
});
afterAll(() => gateway.close());

const ONE_OF = [
  'BacktestActualInput',
  'BatchPredictionEstimateInput',
  'BatchSourceInput',
  'LabelIntervalInput',
  'LabelSourceInput',
  'LabelTimesInput',
];

it('says in introspection and in the printed schema which inputs are OneOf', async () => {
  const { data } = await gateway.ask(getIntrospectionQuery({ oneOf: true }));
  const schema = buildClientSchema(data);
  const inputs = Object.values(schema.getTypeMap()).filter(isInputObjectType);
  expect(
    inputs
      .filter(({ isOneOf }) => isOneOf)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(ONE_OF);
  for (const name of ONE_OF) {
    expect(printType(schema.getType(name)!)).toContain(`input ${name} @oneOf {`);
    expect(printSchema(schema)).toContain(`input ${name} @oneOf {`);
  }
});

const FIGURES = '{ rows: "640", secondsPerBatch: 60, machineType: "n1-standard-4" }';
const CASES: [what: string, literal: string, variable: unknown][] = [
  ['none of its fields', '{}', {}],
  ['a null', '{ figures: null }', { figures: null }],
  [
    'two fields',
    `{ figures: ${FIGURES}, job: { displayName: "a", model: "m", input: { table: "t" }, output: {} } }`,
    {
      figures: { rows: '640', secondsPerBatch: 60 },
      job: { displayName: 'a', model: 'm', input: { table: 't' }, output: {} },
    },
  ],
  ['a field and a null', `{ figures: ${FIGURES}, job: null }`, { figures: { rows: '640' }, job: null }],
];

describe('a OneOf input', () => {
  it.each(CASES)('refuses %s, in a literal and in a variable', async (_what, literal, variable) => {
    for (let time = 1; time <= 3; time += 1) {
      const inLiteral = await gateway.ask(`{ estimateBatchPrediction(input: ${literal}) { total { amount } } }`);
      expect(inLiteral.errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
      const inVariable = await gateway.ask(
        'query ($input: BatchPredictionEstimateInput!) { estimateBatchPrediction(input: $input) { total { amount } } }',
        { input: variable },
      );
      expect(inVariable.errors![0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
      expect(inVariable.data ?? null).toBeNull();
    }
  });

  it('takes one field by a variable of its own, in every execution, and never one that may be null', async () => {
    const query = (type: string) =>
      `query ($figures: ${type}) { estimateBatchPrediction(input: { figures: $figures }) { total { amount } } }`;
    const figures = { rows: '640', secondsPerBatch: 60, machineType: 'n1-standard-4' };
    for (let time = 1; time <= 3; time += 1) {
      const { data, errors } = await gateway.ask(query('BatchPredictionFiguresInput!'), { figures });
      expect(errors).toBeUndefined();
      expect(data.estimateBatchPrediction.total.amount).toBeGreaterThan(0);
    }
    const inFragment = `fragment F on Query { estimateBatchPrediction(input: { figures: $f }) { total { amount } } }
      query ($f: BatchPredictionFiguresInput) { ...F }`;
    for (const [nullable, name] of [
      [query('BatchPredictionFiguresInput'), 'figures'],
      [inFragment, 'f'],
    ] as const) {
      const { errors } = await gateway.ask(nullable, { [name]: figures });
      expect(errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
      expect(errors![0]!.message).toContain(`Variable "$${name}" may be null.`);
    }
  });

  it('gives the same answer from a literal in every execution', async () => {
    const ask = () => gateway.ask(`{ estimateBatchPrediction(input: { figures: ${FIGURES} }) { total { amount } } }`);
    const answers = [await ask(), await ask(), await ask()];
    expect(answers[0]!.errors).toBeUndefined();
    expect(answers.map(({ data }) => data)).toEqual([answers[0]!.data, answers[0]!.data, answers[0]!.data]);
  });
});
