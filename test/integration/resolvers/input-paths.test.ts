import {
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSchema } from '../../../resolvers/build-schema.js';
import { smallRegistry } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry());
});
afterAll(() => gateway.close());

type Step = string | number;

/** A place in the arguments of a root field. */
interface Place {
  readonly operation: 'query' | 'mutation';
  readonly field: string;
  readonly argument: GraphQLArgument;
  readonly steps: readonly Step[];
  readonly type: GraphQLInputType;
}

const schema = buildSchema(smallRegistry());
const places = allPlaces(schema);

/** Every scalar and enum that a client can send to a root field, also inside input objects and lists. */
function allPlaces({ getQueryType, getMutationType }: GraphQLSchema): Place[] {
  const roots = [
    ['query', getQueryType.call(schema)!],
    ['mutation', getMutationType.call(schema)!],
  ] as const;
  return roots.flatMap(([operation, root]) =>
    Object.values(root.getFields()).flatMap(({ name, args }) =>
      args.flatMap((argument) =>
        leaves(argument.type, [argument.name]).map(({ steps, type }) => ({
          operation,
          field: name,
          argument,
          steps,
          type,
        })),
      ),
    ),
  );
}

function leaves(type: GraphQLInputType, steps: readonly Step[]): { steps: readonly Step[]; type: GraphQLInputType }[] {
  if (isNonNullType(type)) return leaves(type.ofType, steps);
  if (isListType(type)) return leaves(type.ofType, [...steps, 0]);
  // It takes every value: the type of the feature decides, and the userErrors of a write have the path.
  if (!isInputObjectType(type)) return type.name === 'FeatureScalar' ? [] : [{ steps, type }];
  return Object.values(type.getFields()).flatMap((field) => leaves(field.type, [...steps, field.name]));
}

function pathText(steps: readonly Step[]): string {
  return steps
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .slice(1);
}

/** A list in place of a scalar or an enum: no type takes it (a list of one would be taken as that one). */
const INVALID = [['x'], ['y']];

/** A value for the argument of the place that is right but for the place itself. */
function wrongAt(type: GraphQLInputType, steps: readonly Step[]): unknown {
  if (isNonNullType(type)) return wrongAt(type.ofType, steps);
  const [step, ...rest] = steps;
  if (step === undefined) return INVALID;
  if (isListType(type)) return [wrongAt(type.ofType, rest)];
  if (!isInputObjectType(type)) throw new Error('a step into a scalar');
  const fields = Object.values(type.getFields());
  const others = type.isOneOf ? [] : fields.filter((field) => field.name !== step && isRequiredInputField(field));
  return Object.fromEntries([
    ...others.map((field) => [field.name, validValue(field.type)]),
    [step, wrongAt(fields.find(({ name }) => name === step)!.type, rest)],
  ]);
}

/** The name of an enum value: text in variables, and without quotation marks in a document. */
class EnumName {
  constructor(readonly name: string) {}

  toJSON(): string {
    return this.name;
  }
}

function validValue(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return validValue(type.ofType);
  if (isListType(type)) return [validValue(type.ofType)];
  if (isInputObjectType(type)) {
    const fields: GraphQLInputField[] = Object.values(type.getFields());
    const given = type.isOneOf ? fields.slice(0, 1) : fields.filter(isRequiredInputField);
    return Object.fromEntries(given.map((field) => [field.name, validValue(field.type)]));
  }
  if ('getValues' in type) return new EnumName(type.getValues()[0]!.name);
  const values: Record<string, unknown> = {
    Int: 1,
    Float: 1,
    Boolean: true,
    BigInt: '1',
    JSONObject: {},
    DateTime: '2001-01-01T00:00:00Z',
  };
  return values[type.name] ?? 'x';
}

async function fieldAtFault(
  { operation, field, argument, type }: Place,
  write: (variables: Map<string, string>, values: Record<string, unknown>) => string,
): Promise<unknown> {
  const variables = new Map<string, string>();
  const values: Record<string, unknown> = {};
  const given = write(variables, values);
  const root = operation === 'query' ? schema.getQueryType()! : schema.getMutationType()!;
  const others = root.getFields()[field]!.args.filter((arg) => arg !== argument && isRequiredArgument(arg));
  for (const other of others) {
    variables.set(other.name, String(other.type));
    values[other.name] = validValue(other.type);
  }
  const args = [`${argument.name}: ${given}`, ...others.map(({ name }) => `${name}: $${name}`)].join(', ');
  const definitions = [...variables].map(([name, declared]) => `$${name}: ${declared}`).join(', ');
  const document = `${operation}${definitions && ` (${definitions})`} { answer: ${field}(${args}) { __typename } }`;
  const { errors } = await gateway.ask(document, values);
  expect(errors, `${document} ${String(type)}`).toBeDefined();
  return errors![0]!.extensions.field;
}

/** As GraphQL is written, with `$at` for the value of the place. */
function literal(value: unknown, at: string | undefined): string {
  if (value === INVALID) return at ?? '[["x"], ["y"]]';
  if (value instanceof EnumName) return value.name;
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, at)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([name, inner]) => `${name}: ${literal(inner, at)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}

const cases = places.map((place) => [`${place.field}: ${pathText(place.steps)}`, place] as const);

describe('extensions.field is the path of the value in the schema, for every input of every root field', () => {
  it('there are inputs', () => {
    expect(cases.length).toBeGreaterThan(100);
  });

  it.each(cases)('when a variable holds the whole argument: %s', async (_title, place) => {
    const { argument, steps } = place;
    const value = wrongAt(argument.type, steps.slice(1));
    const field = await fieldAtFault(place, (variables, values) => {
      variables.set('mine', String(argument.type));
      values.mine = value;
      return '$mine';
    });
    expect(field).toBe(pathText(steps));
  });

  it.each(cases)('when a variable holds the value alone: %s', async (_title, place) => {
    const { argument, steps, type } = place;
    const value = wrongAt(argument.type, steps.slice(1));
    const field = await fieldAtFault(place, (variables, values) => {
      variables.set('mine', `${String(type)}!`);
      values.mine = INVALID;
      return literal(value, '$mine');
    });
    expect(field).toBe(pathText(steps));
  });
});
