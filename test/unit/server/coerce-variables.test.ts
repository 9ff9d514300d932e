import fc from 'fast-check';
import { buildSchema, getVariableValues, parse, type GraphQLScalarType, type OperationDefinitionNode } from 'graphql';
import { expect, it } from 'vitest';
import { variableCoercion } from '../../../server/coerce-variables.js';

const schema = buildSchema(`
  scalar Strict
  enum Color { RED GREEN }
  input Choice @oneOf { number: Int, text: String }
  input Item {
    id: ID!
    count: Int = 7
    size: Float! = 1.5
    color: Color
    choice: Choice
    numbers: [Int!]
    nested: [[Item]]
    strict: Strict
  }
  type Query {
    take(item: Item, items: [Item!]!, ids: [ID!] = ["a"], color: Color! = RED, choice: Choice, flag: Boolean): Int
  }
`);
(schema.getType('Strict') as GraphQLScalarType).parseValue = (value) => {
  if (value === 'throws') throw new Error('refused');
  return value === 'nothing' ? undefined : { parsed: value };
};

const document = parse(`
  query ($item: Item, $items: [Item!]!, $ids: [ID!] = ["a"], $color: Color! = RED, $choice: Choice, $flag: Boolean = null) {
    take(item: $item, items: $items, ids: $ids, color: $color, choice: $choice)
    f: take(items: []) @skip(if: $flag)
  }
`);
const operation = document.definitions[0] as OperationDefinitionNode;
const coerce = variableCoercion(schema);

const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    'RED',
    'BLUE',
    'throws',
    'nothing',
    'x',
    1,
    1.5,
    2 ** 40,
    NaN,
    true,
    {},
    [],
  ),
  fc.string(),
  fc.integer(),
);
/** Mostly a value of the type, sometimes any other. */
const mostly = (valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 40, arbitrary: valid }, { weight: 1, arbitrary: leaf });

const choice = mostly(fc.constantFrom<unknown>({ number: 1 }, { text: 'a' }, null));
const badChoice = fc.constantFrom<unknown>({}, { number: 1, text: 'a' }, { text: null });
const { item } = fc.letrec<{ item: unknown }>((tie) => ({
  item: fc.record(
    {
      id: mostly(fc.constantFrom<unknown>('a', 1)),
      count: mostly(fc.integer({ min: -9, max: 9 })),
      size: mostly(fc.double({ noNaN: true, noDefaultInfinity: true })),
      color: mostly(fc.constantFrom<unknown>('RED', 'GREEN', null)),
      choice: fc.oneof({ weight: 40, arbitrary: choice }, { weight: 1, arbitrary: badChoice }),
      numbers: mostly(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 })),
      nested: fc.oneof(
        { maxDepth: 2, depthSize: 'small' },
        fc.constant(null),
        fc.array(fc.array(tie('item'), { maxLength: 1 }), { maxLength: 2 }),
        tie('item'),
      ),
      strict: mostly(fc.constantFrom<unknown>('x', 1, null)),
    },
    { requiredKeys: ['id'] },
  ),
}));
const variables = fc.record(
  {
    item: mostly(fc.oneof(item, fc.constant(null))),
    items: mostly(fc.oneof(fc.array(item, { maxLength: 3 }), item)),
    ids: mostly(fc.array(fc.string(), { maxLength: 2 })),
    color: mostly(fc.constantFrom<unknown>('RED', 'GREEN')),
    choice,
    flag: mostly(fc.boolean()),
    undeclared: leaf,
  },
  { requiredKeys: ['items'] },
);

it('coerces what graphql-js coerces, to the same values, and refuses the rest with its messages', () => {
  let [taken, refused] = [0, 0];
  fc.assert(
    fc.property(variables, (given) => {
      const expected = getVariableValues(schema, operation.variableDefinitions ?? [], given, { maxErrors: 10 });
      const { coerced, errors } = coerce({ document, operation, variables: given });
      if (expected.coerced) {
        taken += 1;
        expect({ ...coerced }).toEqual({ ...expected.coerced });
        expect(Object.keys(coerced!)).toEqual(Object.keys(expected.coerced));
      } else {
        refused += 1;
        const messages = expected.errors.map(({ message }) => message);
        expect(errors!.map(({ message }) => message)).toEqual(messages);
      }
    }),
    { numRuns: 1_000 },
  );
  expect(taken).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(100);
});
