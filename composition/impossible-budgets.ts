import { GATEWAY, SCHEDULER } from '../ingestion/job-schedules.js';
import type { Authenticator } from '../auth/authenticator.js';

/** All without a budget of their own, and the jobs that the gateway starts. */
const ALWAYS_POSSIBLE = ['*', SCHEDULER, GATEWAY];

/** The names with a budget that no principal can have: a typing error there would mean no limit. */
export function impossibleBudgets(budgets: ReadonlyMap<string, number>, { canOccur }: Authenticator): string[] {
  return [...budgets.keys()].filter((name) => !ALWAYS_POSSIBLE.includes(name) && !canOccur(name));
}
