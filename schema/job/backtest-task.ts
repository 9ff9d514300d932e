import { registerEnumType } from 'type-graphql';

/* schema must not import a service, so the values are repeated here. A test compares them with the originals. */
export const BacktestTaskEnum = { REGRESSION: 'REGRESSION', CLASSIFICATION: 'CLASSIFICATION' } as const;

registerEnumType(BacktestTaskEnum, {
  name: 'BacktestTask',
  description: 'What a model predicts.',
  valuesConfig: {
    REGRESSION: { description: 'A number.' },
    CLASSIFICATION: { description: 'The probability, from 0 to 1, that the actual value is 1 or true.' },
  },
});
