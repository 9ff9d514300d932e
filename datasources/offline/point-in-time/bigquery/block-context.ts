import type { PointInTimePlan, SourcePlan } from '../plan.js';
import type { BigQueryTable } from './table.js';

/** What a block of SQL for one source is made of. */
export interface BigQueryBlockContext {
  readonly plan: PointInTimePlan;
  readonly source: SourcePlan;
  /** Unique in the query. */
  readonly name: string;
  readonly table: BigQueryTable;
  /** The label's columns with the entity's id, one for each id column of the table and of its type. */
  readonly keys: readonly string[];
  /** Conditions on the event time that are constants. */
  readonly partitions: readonly string[];
}
