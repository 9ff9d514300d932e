import { describe } from 'vitest';
import { isGoogleSqlWanted, WITHOUT_GOOGLE_SQL } from './googlesql/evaluator.js';

/** A suite that needs GoogleSQL. Where it is not installed the suite is skipped, and its name says how to get it. */
export function describeWithGoogleSql(name: string, tests: () => void): void {
  if (isGoogleSqlWanted) describe(name, tests);
  else describe.skip(`${name} (${WITHOUT_GOOGLE_SQL})`, tests);
}
