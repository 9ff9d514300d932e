import { REQUEST_LIMITS } from '../limits/request-limits.js';

/**
 * The cost of a field in points, for limits/query-cost.ts. A point is a value or an object of the answer: a few
 * microseconds and some 500 bytes while the answer is made. What costs more than it adds to the answer has a weight,
 * measured by bench/overload. A cost may depend only on the lengths of lists, on numbers and booleans in the arguments,
 * and on which arguments are null: these are the key of the cost cache (limits/variable-shape.ts).
 */
export interface ComplexityArguments {
  readonly args: Readonly<Record<string, unknown>>;
  readonly childComplexity: number;
}

export type Complexity = (of: ComplexityArguments) => number;

/** The assumed length of a list whose arguments do not limit it. */
const USUAL_LIST_LENGTH = 20;

const WEIGHTS = {
  /** An entity of a list: its id is checked, and its fields wait for a batch. */
  entity: 10,
  /** A typed field of a feature, whose value waits by itself. */
  typedFeature: 6,
  /** A FeatureValue beside its fields. */
  featureValue: 2,
  /** A value in a matrix: there is no object for it. */
  matrixCell: 0.3,
  /** A row of a matrix. */
  matrixRow: 5,
  /** A query of the offline store. */
  offlineQuery: 100,
  /** The jobs that a lineage is found in: some hundred records. */
  lineage: 1_000,
  /** A query of the offline store that reads a whole history: it takes seconds. */
  wholeHistory: 20_000,
  /** A label of a query of the offline store. */
  label: 10,
};

/** A list whose length is this argument (a number) or the length of this argument (a list). */
export function listComplexity(argument?: string): Complexity {
  return ({ args, childComplexity }) => {
    const length = argument === undefined ? USUAL_LIST_LENGTH : estimateLength(args[argument]);
    return 1 + length * Math.max(1, childComplexity);
  };
}

/** A list of entities, whose length is the length of `entityIds`. */
export const entitiesComplexity: Complexity = ({ args, childComplexity }) =>
  1 + offlineQuery(args) + estimateLength(args.entityIds) * (WEIGHTS.entity + label(args) + childComplexity);

/** References of a router: each may name a point in time, which a cost cannot depend on. */
export const referencesComplexity: Complexity = ({ args, childComplexity }) =>
  1 + WEIGHTS.offlineQuery + estimateLength(args.representations) * (WEIGHTS.entity + WEIGHTS.label + childComplexity);

/** One entity. */
export const entityComplexity: Complexity = ({ args, childComplexity }) => 1 + label(args) + childComplexity;

/** The features of an entity, by `names`. */
export const featuresComplexity: Complexity = ({ args, childComplexity }) =>
  1 + estimateLength(args.names) * (WEIGHTS.featureValue + childComplexity);

/** A page of a history: a query of its own for each entity. */
export const historyComplexity: Complexity = ({ args, childComplexity }) =>
  WEIGHTS.offlineQuery + estimateLength(args.first) * Math.max(1, childComplexity);

/** An explanation of a value: a query of its own if no other value of the feature is explained. */
export const explanationComplexity: Complexity = ({ args, childComplexity }) =>
  WEIGHTS.offlineQuery + estimateLength(args.rows) + childComplexity;

/** A lineage: it reads hundreds of jobs. */
export const lineageComplexity: Complexity = ({ childComplexity }) => WEIGHTS.lineage + childComplexity;

/** A preview of a training set: labels that are not in the request may be as many as a preview takes. */
export const previewComplexity: Complexity = ({ args, childComplexity }) => {
  const { labels } = args.input as PreviewInput;
  const rows = labels?.source?.rows;
  const count = Array.isArray(rows) ? rows.length : REQUEST_LIMITS.maxPreviewLabels;
  return WEIGHTS.offlineQuery + count * WEIGHTS.label + estimateLength(args.first) * Math.max(1, childComplexity);
};

interface PreviewInput {
  readonly labels?: { readonly source?: { readonly rows?: unknown } };
}

/** A check of a training set that another program made: it joins the rows of a file again. */
export const validationComplexity: Complexity = ({ childComplexity }) => WEIGHTS.wholeHistory + childComplexity;

/** Statistics of a feature. */
export const statisticsComplexity: Complexity = ({ childComplexity }) => WEIGHTS.wholeHistory + childComplexity;

/** A matrix with a row for each of `entityIds` and a column for each of `names`. */
export const matrixComplexity: Complexity = ({ args, childComplexity }) => {
  const cells = estimateLength(args.names) * Math.max(1, childComplexity);
  const row = WEIGHTS.matrixRow + label(args) + cells * WEIGHTS.matrixCell;
  return Math.ceil(1 + offlineQuery(args) + estimateLength(args.entityIds) * row);
};

/** A typed field of a feature. */
export const typedFeatureComplexity: Complexity = () => WEIGHTS.typedFeature;

/** The offline store answers a read of another moment than now. */
function isHistorical({ asOf, knownAt, strictlyBefore }: ComplexityArguments['args']): boolean {
  return asOf != null || knownAt != null || strictlyBefore === true;
}

function offlineQuery(args: ComplexityArguments['args']): number {
  return isHistorical(args) ? WEIGHTS.offlineQuery : 0;
}

function label(args: ComplexityArguments['args']): number {
  return isHistorical(args) ? WEIGHTS.label : 0;
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
