import type { PointInTimePlan, SourcePlan } from '../plan.js';

/** The inputs of an SQL block for one source. */
export interface BlockContext {
  readonly plan: PointInTimePlan;
  readonly source: SourcePlan;
  /** Unique in the query. */
  readonly name: string;
  readonly table: string;
  readonly mayHaveTies: boolean;
  /** The block gives the creation times of values. */
  readonly withCreated: boolean;
  /** Returns the placeholder of its microseconds as a used parameter; undefined when it is not known. */
  readonly lastLabelTime: (() => string) | undefined;
  /**
   * The condition that a row of the history (h) was written by the plan's knownAt, as one more use of a parameter;
   * false when the plan has no knownAt.
   */
  readonly wasWritten: () => string | false;
}
