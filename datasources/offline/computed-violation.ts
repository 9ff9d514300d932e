import { OperatorError } from '../../errors/operator-error.js';
import { formatInstant, type Instant } from '../../values/instant.js';
import type { ExpectationKind, ViolationAction } from '../registry/expectation.js';
import type { FeatureSource } from '../registry/model.js';

/** Rows that are named for each expectation. */
export const MAX_COMPUTED_EXAMPLES = 10;

/** An expectation of the registry that computed rows of a source violate. */
export interface ComputedViolation {
  /** null: onRepeatedTime of the source. */
  readonly feature: string | null;
  readonly kind: ExpectationKind;
  readonly action: ViolationAction;
  /** What is expected, in words. */
  readonly description: string;
  /** The number of rows with such a value; of UNIQUE_TIME, those that are not alone at their event time. */
  readonly rows: bigint;
  /** The first of them by entity and time, at most 10. */
  readonly examples: readonly ComputedRow[];
}

/** A computed row. */
export interface ComputedRow {
  readonly entityId: string;
  /** null in a static source. */
  readonly timestamp: Instant | null;
}

/** Computed rows violate an expectation with REJECT: nothing of the import is stored. */
export class RejectedRows extends OperatorError {
  constructor(
    readonly source: FeatureSource,
    /** All that the computed rows violate, also with other actions. */
    readonly violations: readonly ComputedViolation[],
  ) {
    super(
      `The computed rows of ${source.entityType.featurestore.name}.${source.entityType.name}, source "${source.name}", are not as the registry expects (REJECT):`,
      listRejected(violations).map((violation) => `${describeViolation(violation)}: ${listExamples(violation)}`),
    );
  }

  /** The violations with REJECT in words, without the rows: clients may not know their ids. */
  get faultsWithoutRows(): readonly string[] {
    return listRejected(this.violations).map((violation) => describeViolation(violation));
  }
}

function listRejected(violations: readonly ComputedViolation[]): readonly ComputedViolation[] {
  return violations.filter(({ action }) => action === 'REJECT');
}

function describeViolation({ feature, kind, rows }: ComputedViolation): string {
  if (feature === null) return `${rows} rows are not the only one of their entity at their event time (${kind})`;
  return `in ${rows} rows, "${feature}" has a value that is not as expected (${kind})`;
}

function listExamples({ rows, examples }: ComputedViolation): string {
  const named = examples.map(({ entityId, timestamp }) =>
    timestamp === null ? JSON.stringify(entityId) : `${JSON.stringify(entityId)} at ${formatInstant(timestamp)}`,
  );
  return named.join(', ') + (rows > BigInt(examples.length) ? ' and more' : '');
}
