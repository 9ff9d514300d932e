import { formatTable } from '../../cli/cost-tables.js';
import { endOfService } from '../../datasources/google/vertex/end-of-service.js';
import type { Instant } from '../../values/instant.js';
import type { StateDocument } from '../state/state-document.js';
import { timelineTable } from './plan-text.js';

/** How far a migration is: a row for each phase, what failed, what comes next, and the time that is left. */
export function statusText(document: StateDocument, now: Instant): string {
  const { steps, progress } = document;
  const table = formatTable(['phase', 'steps', 'done', 'begun', 'failed'], [1, 2, 3, 4]);
  for (const [phase, of] of Map.groupBy(steps, (step) => step.phase)) {
    const count = (status: string): number => of.filter(({ id }) => progress[id]?.status === status).length;
    table.push([phase, of.length, count('done'), count('begun'), count('failed')]);
  }
  const failed = steps.filter(({ id }) => progress[id]?.status === 'failed');
  const notes = steps.filter(({ id }) => progress[id]?.status === 'done' && progress[id].note);
  const next = steps.find(({ id }) => progress[id]?.status !== 'done');
  return [
    `Project ${document.project}, ${document.location}. The legacy API ${endOfService(now)}.`,
    table.toString(),
    ...failed.map(({ id }) => `failed  ${id}: ${progress[id]?.note ?? ''}`),
    ...notes.map(({ id }) => `note    ${id}: ${progress[id]?.note ?? ''}`),
    next === undefined
      ? 'All steps are done.'
      : next.kind === 'decision'
        ? ['Your decision: ' + next.title, ...next.instructions.map((line) => `  ${line}`)].join('\n')
        : `Next: ${next.title}`,
    '',
    timelineTable(now),
    '',
  ].join('\n');
}
