import { describe } from 'vitest';
import { isGoogleSqlWanted, WITHOUT_GOOGLE_SQL } from './googlesql/evaluator.js';

/** A suite that needs GoogleSQL. Where it is not installed the suite is skipped, and says how to get it. */
export function describeWithGoogleSql(name: string, tests: () => void): void {
  if (isGoogleSqlWanted) {
    describe(name, tests);
    return;
  }
  console.warn(`skipped: ${name} ${WITHOUT_GOOGLE_SQL}`);
  describe.skip(`${name} (${WITHOUT_GOOGLE_SQL})`, tests);
}
