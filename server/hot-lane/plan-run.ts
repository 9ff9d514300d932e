import {
  locatedError,
  responsePathAsArray,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { ByteWriter } from '../../runtime/byte-writer.js';
import type { AnswerParts } from './answer-parts.js';
import type { ArgumentsOf } from './argument-plan.js';
import type { WriteLeaf } from './leaf-text.js';

export type Path = GraphQLResolveInfo['path'];

/** The parts of an operation that stay the same in all its runs. */
export interface PlannedOperation {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
}

/** The memory of what is being written. It is empty when no code writes: writing takes no break. */
const scratch = new ByteWriter();

/** Shorter JSON is a part of the text of the answer: Node sends a short answer with its head, in one piece. */
const LONG_BYTES = 2_048;

type Arguments = Readonly<Record<string, unknown>>;

/** One run of a plan: what its fields share, and the errors so far. */
export class PlanRun {
  readonly errors: GraphQLError[] = [];
  /** The answer is above the limit: what follows is not written any more. */
  isTooLarge = false;
  /** Bytes so far, or fewer. */
  #length = 0;
  /** By the number of a field in its plan: the items of a list have the same arguments. */
  readonly #arguments: (Arguments | undefined)[] = [];
  /** The positions that an error made null. */
  #nulled: Set<string> | undefined;

  constructor(
    readonly planned: PlannedOperation,
    readonly context: unknown,
    readonly variables: Readonly<Record<string, unknown>>,
    /** Of the answer, in bytes. */
    private readonly maxLength: number,
    /** Takes long JSON as bytes. Absent: the answer is a text. */
    private readonly parts?: AnswerParts,
  ) {}

  /** Writes a leaf. Strings of a store can be long, and a client can ask for one of them under a hundred names. */
  leaf(write: WriteLeaf, value: unknown): string {
    if (this.isTooLarge) return 'null';
    return this.written(write(value));
  }

  /** Counts text against the limit. */
  readonly written = (text: string): string => {
    this.#length += text.length;
    this.isTooLarge = this.#length > this.maxLength;
    return text;
  };

  /** Counts JSON that is written as bytes, and gives what stands for it in the text of the answer. It may be called while it writes. */
  readonly json = (write: (to: ByteWriter) => void): string => {
    const start = scratch.length;
    const countedBefore = this.#length;
    const outerLimit = scratch.limit(start + this.maxLength - countedBefore);
    try {
      write(scratch);
      this.isTooLarge ||= scratch.isFull;
      // With the leaves that were counted meanwhile: they are in these bytes.
      const length = scratch.length - start;
      this.#length = countedBefore + length;
      if (this.isTooLarge) return 'null';
      return this.parts && length > LONG_BYTES ? this.parts.add(scratch, start) : scratch.textFrom(start);
    } finally {
      scratch.limit(outerLimit);
      if (start === 0) scratch.begin();
      else scratch.truncate(start);
    }
  };

  argumentsOf(number: number, argumentsOf: ArgumentsOf): Arguments {
    return (this.#arguments[number] ??= argumentsOf(this.variables));
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
