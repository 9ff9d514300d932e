import { z } from 'zod';
import { migrationStep, type MigrationStep } from '../migration-steps.js';

const time = z.string();

/** What is known of a step that was begun. A step that was never begun has none. */
const progress = z.strictObject({
  status: z.enum(['begun', 'failed', 'done']),
  /** The clock of this machine, RFC 3339. */
  begunAt: time,
  endedAt: z.nullable(time),
  /** The long-running operation of Vertex AI that does the step. */
  operation: z.nullable(z.string()),
  /** Whether an operation may have been started whose name is not known yet. */
  isStarting: z.boolean(),
  /** How many jobs of BigQuery ended with an error: the next one has another id. */
  failedJobs: z.number().int().min(0),
  /** What was found or why it failed, for people. */
  note: z.nullable(z.string()),
});

/** A plan with the progress of each of its steps. */
export const stateDocument = z
  .strictObject({
    version: z.literal(1),
    /** Part of the ids of BigQuery jobs, so that two plans never share a job. */
    planId: z.string().regex(/^[0-9a-f]{12}$/),
    plannedAt: time,
    project: z.string(),
    location: z.string(),
    /** The registry file of the migration. */
    registry: z.string(),
    cannotMove: z.array(z.string()),
    steps: z.array(migrationStep),
    progress: z.record(z.string(), progress),
  })
  .refine(({ steps }) => new Set(steps.map(({ id }) => id)).size === steps.length, 'two steps have one id');

export type StateDocument = z.output<typeof stateDocument>;
export type StepProgress = z.output<typeof progress>;

export function isDone({ progress }: StateDocument, { id }: Pick<MigrationStep, 'id'>): boolean {
  return progress[id]?.status === 'done';
}
