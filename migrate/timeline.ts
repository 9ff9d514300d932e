import { END_OF_SERVICE } from '../datasources/google/vertex/end-of-service.js';
import { formatInstant, MICROS_PER_SECOND, type Instant } from '../values/instant.js';

const DAY = 86_400n * MICROS_PER_SECOND;

export interface Milestone {
  readonly what: string;
  /** The last day on which it keeps its distance from the end of service, as 2027-01-27. */
  readonly latest: string;
  readonly isLate: boolean;
}

/** Days before the end of service. The reasons are in docs/migrate-from-legacy.md. */
const MILESTONES = [
  { days: 42n, what: 'the first export has begun' },
  { days: 35n, what: 'all writers write through featuregraph' },
  { days: 33n, what: 'the second export is in the tables' },
  { days: 28n, what: 'the comparison finds no difference' },
  { days: 21n, what: 'featuregraph serves from the new stores' },
  { days: 7n, what: 'the way back is given up, and the legacy featurestore is deleted' },
] as const;

/** The latest day of each part of a migration. */
export function timeline(now: Instant): Milestone[] {
  return MILESTONES.map(({ days, what }) => {
    const latest = END_OF_SERVICE - days * DAY;
    return { what, latest: formatInstant(latest).slice(0, 10), isLate: now >= latest + DAY };
  });
}
