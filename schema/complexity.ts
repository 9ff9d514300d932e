/**
 * How much of an answer a field stands for, as limits/query-cost.ts counts it. Of the arguments only lengths of lists,
 * numbers and flags may matter: the cost is remembered by them.
 */
export interface ComplexityArguments {
  readonly args: Readonly<Record<string, unknown>>;
  readonly childComplexity: number;
}

export type Complexity = (of: ComplexityArguments) => number;

/** A list without an argument for its length: as long as a registry usually makes it. */
const USUAL_LIST_LENGTH = 20;

/** A field that gives as many items as this argument has, or says; as many as usual when there is no such argument. */
export function listComplexity(argument?: string): Complexity {
  return ({ args, childComplexity }) => {
    const length = argument === undefined ? USUAL_LIST_LENGTH : estimateLength(args[argument]);
    return 1 + length * Math.max(1, childComplexity);
  };
}

/** A field that gives a row for each item of one argument and a column for each of another. */
export function matrixComplexity(rows: string, columns: string): Complexity {
  return ({ args, childComplexity }) =>
    1 + estimateLength(args[rows]) * estimateLength(args[columns]) * Math.max(1, childComplexity);
}

function estimateLength(argument: unknown): number {
  if (Array.isArray(argument)) return argument.length;
  return typeof argument === 'number' ? Math.max(0, argument) : USUAL_LIST_LENGTH;
}
