import type { PointInTimePlan, SourcePlan } from '../plan.js';

/** What a block of SQL for one source is made of. */
export interface BlockContext {
  readonly plan: PointInTimePlan;
  readonly source: SourcePlan;
  /** Unique in the query. */
  readonly name: string;
  readonly table: string;
  readonly mayHaveTies: boolean;
  /** Gives the placeholder of its microseconds, as a parameter that is used; undefined when it is not known. */
  readonly lastLabelTime: (() => string) | undefined;
  /**
   * The condition that a row of the history (h) was written by the plan's knownAt, as one more use of a parameter; false when the
   * plan has none.
   */
  readonly wasWritten: () => string | false;
}
