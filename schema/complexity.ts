/**
 * The number of values and objects that a field adds to a response, for limits/query-cost.ts. A cost may depend only on
 * the lengths of lists, on numbers and on booleans in the arguments: these are the key of the cost cache.
 */
export interface ComplexityArguments {
  readonly args: Readonly<Record<string, unknown>>;
  readonly childComplexity: number;
}

export type Complexity = (of: ComplexityArguments) => number;

/** The assumed length of a list whose arguments do not limit it. */
const USUAL_LIST_LENGTH = 20;

/** A list whose length is this argument (a number) or the length of this argument (a list). */
export function listComplexity(argument?: string): Complexity {
  return ({ args, childComplexity }) => {
    const length = argument === undefined ? USUAL_LIST_LENGTH : estimateLength(args[argument]);
    return 1 + length * Math.max(1, childComplexity);
  };
}

/** A matrix with a row for each item of one argument and a column for each item of another. */
export function matrixComplexity(rows: string, columns: string): Complexity {
  return ({ args, childComplexity }) =>
    1 + estimateLength(args[rows]) * estimateLength(args[columns]) * Math.max(1, childComplexity);
}

function estimateLength(argument: unknown): number {
  if (Array.isArray(argument)) return argument.length;
  return typeof argument === 'number' ? Math.max(0, argument) : USUAL_LIST_LENGTH;
}

/** A write: each row of a list of the input and each of its values. */
export function writeComplexity(rows: string, values: string): Complexity {
  return ({ args, childComplexity }) => {
    const list = (args.input as Readonly<Record<string, unknown>> | undefined)?.[rows];
    if (!Array.isArray(list)) return 1 + childComplexity;
    const items = list.map((row: unknown) => (row as Readonly<Record<string, unknown>> | null)?.[values]);
    return 1 + childComplexity + items.reduce<number>((sum, of) => sum + 1 + (Array.isArray(of) ? of.length : 0), 0);
  };
}

/** A deletion: each item of a list of the input. */
export function deletionComplexity(items: string): Complexity {
  return ({ args, childComplexity }) => {
    const list = (args.input as Readonly<Record<string, unknown>> | undefined)?.[items];
    return 1 + childComplexity + (Array.isArray(list) ? list.length : 0);
  };
}
