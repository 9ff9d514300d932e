import {
  getArgumentValues,
  locatedError,
  responsePathAsArray,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { WriteLeaf } from './leaf-text.js';

export type Path = GraphQLResolveInfo['path'];

/** The parts of an operation that stay the same in all its runs. */
export interface PlannedOperation {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
}

type Arguments = Readonly<Record<string, unknown>>;

/** One run of a plan: what its fields share, and the errors so far. */
export class PlanRun {
  readonly errors: GraphQLError[] = [];
  /** The answer is above the limit: what follows is not written any more. */
  isTooLarge = false;
  #length = 0;
  /** By the number of a field in its plan: the items of a list have the same arguments. */
  readonly #arguments: (Arguments | undefined)[] = [];
  /** The positions that an error made null. */
  #nulled: Set<string> | undefined;

  constructor(
    readonly planned: PlannedOperation,
    readonly context: unknown,
    readonly variables: Readonly<Record<string, unknown>>,
    /** Of the answer, in characters: none is shorter than a byte. */
    private readonly maxLength: number,
  ) {}

  /** Writes a leaf. Strings of a store can be long, and a client can ask for one of them under a hundred names. */
  leaf(write: WriteLeaf, value: unknown): string {
    if (this.isTooLarge) return 'null';
    return this.written(write(value));
  }

  /** Counts text against the limit. */
  written(text: string): string {
    this.#length += text.length;
    this.isTooLarge = this.#length > this.maxLength;
    return text;
  }

  argumentsOf(number: number, definition: GraphQLField<unknown, unknown>, node: FieldNode): Arguments {
    return (this.#arguments[number] ??= getArgumentValues(definition, node, this.variables));
  }

  /** An error at a position: null takes its place, or the error moves to the parent where null is not allowed. */
  nullFor(error: unknown, nodes: readonly FieldNode[], path: Path, isNonNull: boolean): null {
    const located = locatedError(error, nodes, responsePathAsArray(path));
    if (isNonNull) throw located;
    this.add(located, path);
    return null;
  }

  /** As graphql-js does: an error below a position that is already null is not reported. */
  add(error: GraphQLError, path: Path | undefined): void {
    const nulled = (this.#nulled ??= new Set());
    for (let at = path; at !== undefined; at = at.prev) if (nulled.has(keyOf(at))) return;
    if (nulled.has(keyOf(undefined))) return;
    nulled.add(keyOf(path));
    this.errors.push(error);
  }
}

function keyOf(path: Path | undefined): string {
  return JSON.stringify(responsePathAsArray(path));
}
