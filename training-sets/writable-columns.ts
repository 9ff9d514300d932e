import { badInput } from '../errors/app-error.js';
import type { TrainingSetOutputRequest } from './training-sets.js';
import type { TrainingSetPlan } from './training-set-plan.js';

interface Loss {
  /** Finds the type, also within a list, a struct or a map. */
  readonly type: RegExp;
  readonly reason: string;
  readonly advice: string;
}

/** In STRUCT(blob BLOB), a blank follows the name of a field, but not a type. */
function typeCalled(name: string): RegExp {
  return new RegExp(`(?:^|[ (])${name}(?=[,)[]|$)`);
}

/** The types whose values each format would change, or write in a notation that only DuckDB reads. */
const LOSSES: Readonly<Record<TrainingSetOutputRequest['format'], readonly Loss[]>> = {
  PARQUET: [
    {
      type: typeCalled('U?HUGEINT'),
      reason: 'Parquet has no integers of 128 bits, and DuckDB would write a rounded DOUBLE',
      advice: 'Cast it to VARCHAR, or choose CSV or TABLE',
    },
    {
      type: typeCalled('TIME WITH TIME ZONE'),
      reason: 'Parquet would lose the offset',
      advice: 'Cast it to VARCHAR, or choose CSV or TABLE',
    },
    {
      type: typeCalled('INTERVAL'),
      reason: 'Parquet cuts intervals to milliseconds',
      advice: 'Cast it to VARCHAR, or choose CSV or TABLE',
    },
    { type: /\bUNION\(/, reason: 'Parquet has no unions', advice: 'Cast it to one of its types, or choose TABLE' },
  ],
  CSV: [
    {
      type: typeCalled('BLOB'),
      reason: 'CSV is text and has no notation for bytes',
      advice: 'Encode it as text (base64 or hex), or choose PARQUET or TABLE',
    },
    { type: /\bUNION\(/, reason: 'CSV has no unions', advice: 'Cast it to one of its types, or choose TABLE' },
  ],
  TABLE: [],
};

/** Rejects a column that the format of the output cannot carry, before a job starts. */
export function refuseUnwritableColumns(
  { outputColumns }: TrainingSetPlan,
  format: TrainingSetOutputRequest['format'],
): void {
  for (const { name, type } of outputColumns) {
    const loss = LOSSES[format].find((candidate) => candidate.type.test(withoutNames(type)));
    if (!loss) continue;
    throw badInput(
      `Column "${name}" is ${type}, which ${format} cannot carry: ${loss.reason}. ${loss.advice}.`,
      'output.format',
    );
  }
}

/** Removes quoted names of fields and the values of enums, which may be called like a type. */
function withoutNames(type: string): string {
  return type.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, '');
}
