import {
  BREAK,
  Kind,
  OperationTypeNode,
  visit,
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { compilePlan, type Plan } from './compile-plan.js';
import type { PlannedOperation } from './plan-run.js';

/** Variables of @skip and @include in one operation. Each doubles the plans that it can have. */
const MAX_FLAGS = 4;

/** A query that Apollo parsed, validated and ran before, with its plans. */
export class KnownOperation implements PlannedOperation {
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly #flags: readonly string[];
  /** By the values of the flags. */
  readonly #plans = new Map<string, Plan>();
  #measured = 0;

  constructor(
    readonly schema: GraphQLSchema,
    readonly document: DocumentNode,
    readonly operation: OperationDefinitionNode,
    readonly operationName: string | undefined,
  ) {
    this.fragments = Object.fromEntries(
      document.definitions.flatMap((definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
      ),
    );
    this.#flags = flagsOf(document);
  }

  /** The fields of all its plans so far. */
  get fieldCount(): number {
    let count = 0;
    for (const plan of this.#plans.values()) count += plan.fieldCount();
    return count;
  }

  /** Whether it has more fields than at the last call. */
  hasGrown(): boolean {
    const before = this.#measured;
    this.#measured = this.fieldCount;
    return this.#measured > before;
  }

  /** The plan for these variables. undefined: graphql-js refuses them when it meets the directive. */
  planOf(variables: Readonly<Record<string, unknown>>): Plan | undefined {
    let key = '';
    for (const flag of this.#flags) {
      const value = variables[flag];
      if (typeof value !== 'boolean') return undefined;
      key += value ? '1' : '0';
    }
    let plan = this.#plans.get(key);
    if (!plan) this.#plans.set(key, (plan = compilePlan(this, variables)));
    return plan;
  }

  /** Whether plans can run it: introspection, mutations and subscriptions go through Apollo. */
  static canBe(document: DocumentNode, operation: OperationDefinitionNode): boolean {
    if (operation.operation !== OperationTypeNode.QUERY || flagsOf(document).length > MAX_FLAGS) return false;
    let isIntrospection = false;
    visit(document, {
      Field: ({ name }) => {
        if (name.value !== '__schema' && name.value !== '__type') return undefined;
        isIntrospection = true;
        return BREAK;
      },
    });
    return !isIntrospection;
  }
}

/** The variables that decide which fields an operation has. */
function flagsOf(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive: ({ name, arguments: given }: DirectiveNode) => {
      if (name.value !== 'skip' && name.value !== 'include') return;
      for (const { value } of given ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}
