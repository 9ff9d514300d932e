import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isUnionType,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql';

/** A number from 0 to 1, the same sequence for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Values that mean something, by the name of an argument, and by the name of its type. */
export type Values = Readonly<Record<string, readonly unknown[]>>;

export interface RandomDocument {
  readonly text: string;
  /** undefined where the document has one operation without a name. */
  readonly operationName: string | undefined;
  /** Other values at each call; some do not fit their types. */
  readonly variables: () => Record<string, unknown>;
}

/** Values of no type, or of the wrong one. */
const WRONG = [null, 7, -1, 1.5, 'x', true, {}, [], [null], { a: [1] }, 'x'.repeat(70_000)];
const MAX_DEPTH = 5;

/** Documents over a schema: valid but for some arguments, with aliases, fragments, directives and variables. */
export class RandomDocuments {
  #variables = new Map<string, GraphQLInputType>();
  #fragments: string[] = [];
  #names = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly random: () => number,
    private readonly values: Values,
    /** Fields of Query that are not asked for. */
    private readonly without: ReadonlySet<string> = new Set(),
  ) {}

  next(): RandomDocument {
    this.#variables = new Map();
    this.#fragments = [];
    const selection = this.#selection(this.schema.getQueryType()!, 0);
    const variables = new Map(this.#variables);
    const definitions = [...variables].map(([name, type]) => `$${name}: ${type.toString()}`);
    const isNamed = this.#chance(0.4);
    const head = definitions.length > 0 ? `(${definitions.join(', ')})` : '';
    const operation = `query ${isNamed ? 'Q' : ''}${head} ${selection}`;
    const other = isNamed && this.#chance(0.3) ? ['query Other { __typename }'] : [];
    return {
      text: [operation, ...other, ...this.#fragments].join('\n'),
      operationName: isNamed ? 'Q' : undefined,
      variables: () => this.#valuesOf(variables),
    };
  }

  #valuesOf(variables: ReadonlyMap<string, GraphQLInputType>): Record<string, unknown> {
    const given = [...variables].flatMap(([name, type]): [string, unknown][] => {
      if (this.#chance(0.03) || (!isNonNullType(type) && this.#chance(0.1))) return [];
      return [[name, this.#chance(0.05) ? this.pick(WRONG) : this.#value(type, name.replace(/\d+$/, ''))]];
    });
    return Object.fromEntries(given);
  }

  #selection(type: GraphQLCompositeType, depth: number): string {
    const parts: string[] = this.#chance(0.3) ? ['__typename'] : [];
    const fields = isUnionType(type) ? [] : Object.values(type.getFields()).filter((field) => this.#isUsable(field));
    const wanted = depth === 0 ? 1 + this.#below(2) : 1 + this.#below(5);
    for (let count = 0; count < wanted && fields.length > 0; count += 1) {
      const field = this.pick(fields);
      if (depth < MAX_DEPTH || !isCompositeType(getNamedType(field.type))) parts.push(this.#field(field, depth));
    }
    if (isAbstractType(type) && depth < MAX_DEPTH) {
      const one = this.pick(this.schema.getPossibleTypes(type));
      parts.push(`... on ${one.name}${this.#directive()} ${this.#selection(one, depth + 1)}`);
      return `{ ${parts.join(' ')} }`;
    }
    const shape = depth < MAX_DEPTH ? this.random() : 1;
    if (shape < 0.15) {
      parts.push(`...${this.#directive()} ${this.#selection(type, depth + 1)}`);
    } else if (shape < 0.3) {
      const name = `F${(this.#names += 1)}`;
      this.#fragments.push(`fragment ${name} on ${type.name} ${this.#selection(type, depth + 1)}`);
      parts.push(`...${name}${this.#directive()}`);
    }
    return `{ ${parts.length > 0 ? parts.join(' ') : '__typename'} }`;
  }

  #isUsable({ name, args }: GraphQLField<unknown, unknown>): boolean {
    return !this.without.has(name) && args.filter(isRequiredArgument).every(({ type }) => !isInputObject(type));
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number): string {
    const used = field.args.filter(
      (each) => isRequiredArgument(each) || (!isInputObject(each.type) && this.#chance(0.3)),
    );
    const args = used.map((each) => `${each.name}: ${this.#argument(each)}`);
    // Fields with other arguments under one name do not merge.
    const alias = args.length > 0 || this.#chance(0.2) ? `a${(this.#names += 1)}: ` : '';
    const named = getNamedType(field.type);
    const below = isCompositeType(named) ? ` ${this.#selection(named, depth + 1)}` : '';
    return `${alias}${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''}${this.#directive()}${below}`;
  }

  #argument({ name, type }: GraphQLArgument): string {
    if (this.#chance(0.6)) return `$${this.#variable(name, type)}`;
    return this.#literal(type, this.#value(type, name));
  }

  #directive(): string {
    if (!this.#chance(0.12)) return '';
    const condition = this.#chance(0.6)
      ? `$${this.#variable('flag', this.schema.getDirective('include')!.args[0]!.type)}`
      : String(this.#chance(0.5));
    return ` @${this.pick(['include', 'skip'])}(if: ${condition})`;
  }

  #variable(name: string, type: GraphQLInputType): string {
    const known = [...this.#variables].find(([each, of]) => each.startsWith(name) && String(of) === String(type));
    if (known && this.#chance(0.5)) return known[0];
    const variable = `${name}${(this.#names += 1)}`;
    this.#variables.set(variable, type);
    return variable;
  }

  #value(type: GraphQLInputType, name: string): unknown {
    if (!isNonNullType(type) && this.#chance(0.15)) return null;
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      return Array.from({ length: this.#below(5) }, () => this.#value(nullable.ofType, name));
    }
    if (isEnumType(nullable)) return this.pick(nullable.getValues()).name;
    return this.pick(this.values[name] ?? this.values[nullable.toString()] ?? ['x']);
  }

  #literal(type: GraphQLInputType, value: unknown): string {
    if (Array.isArray(value)) return `[${value.map((each) => this.#literal(type, each)).join(', ')}]`;
    return isEnumType(getNamedType(type)) ? String(value) : JSON.stringify(value);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.#below(items.length)]!;
  }

  #below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  #chance(share: number): boolean {
    return this.random() < share;
  }
}

function isInputObject(type: GraphQLInputType): boolean {
  return isInputObjectType(getNamedType(type));
}
