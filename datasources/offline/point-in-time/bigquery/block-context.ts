import type { PointInTimePlan, SourcePlan } from '../plan.js';
import type { BigQueryTable } from './table.js';

/** The inputs of an SQL block for one source. */
export interface BigQueryBlockContext {
  readonly plan: PointInTimePlan;
  readonly source: SourcePlan;
  /** Unique in the query. */
  readonly name: string;
  readonly table: BigQueryTable;
  /** The column with the creation time of a row, if the block gives the creation times of values; else null. */
  readonly created: string | null;
  /** The label's columns with the entity's id: one for each id column of the table, with its type. */
  readonly keys: readonly string[];
  /** The condition that a row was written by the plan's knownAt; null when the plan has no knownAt. */
  readonly wasWritten: string | null;
  /** Conditions on the history that are constants: BigQuery skips the partitions and blocks that they rule out. */
  readonly constants: readonly string[];
}
