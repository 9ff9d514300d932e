import type { BigQuery } from '@google-cloud/bigquery';
import type { VertexClients } from '../../datasources/google/vertex/vertex-clients.js';
import type { CallPolicy } from '../../datasources/google/retry-policy.js';
import type { Clock } from '../../values/clock.js';
import type { StepKind, StepOf } from '../migration-steps.js';
import type { PacedCreations } from './paced-creations.js';
import type { StateFile } from '../state/state-file.js';

/** Google, as a step uses it. */
export interface StepServices {
  readonly vertex: VertexClients;
  readonly bigQuery: BigQuery;
  readonly clock: Clock;
  /** The pause between two looks at an operation. */
  readonly pollMs: number;
  readonly createPolicy: CallPolicy;
  /** Creates features at the pace of their quota. */
  readonly featureCreations: PacedCreations;
}

export interface StepContext {
  readonly state: StateFile;
  readonly services: StepServices;
  readonly signal: AbortSignal;
}

/**
 * Does a step, or finds it done. It may have been begun before, up to any point. Returns a note for people, or null; throws
 * when the step is not done.
 */
export type StepExecutor<Kind extends StepKind> = (step: StepOf<Kind>, context: StepContext) => Promise<string | null>;

/**
 * The quota of a project and region is 100 features a minute. Steps that only repeated refused creations would take the
 * room of each other, and the slowest would give up. 90 leave room for those of others.
 */
export const FEATURES_PER_SECOND = 90 / 60;

/**
 * Creations wait for the quota of 60 operations a minute, and of features that others create. A creation may be repeated: the
 * second one is refused with ALREADY_EXISTS.
 */
export const CREATE_POLICY: CallPolicy = { attemptMs: 60_000, totalMs: 300_000, retries: 7, pauseMs: 1_000 };
export const POLL_MS = 5_000;
