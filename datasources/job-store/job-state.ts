/** The states of a job, in the words of Vertex AI. */
export const JOB_STATES = [
  'QUEUED',
  'PENDING',
  'RUNNING',
  'SUCCEEDED',
  'PARTIALLY_SUCCEEDED',
  'FAILED',
  'CANCELLING',
  'CANCELLED',
  'PAUSED',
  'EXPIRED',
] as const;
export type JobState = (typeof JOB_STATES)[number];

/**
 * The allowed state transitions. A job ends once: nothing follows the five end states. From CANCELLING it may still
 * succeed or fail, when the work ended before the cancellation arrived. A poll may miss states (it sees PENDING, then
 * SUCCEEDED), so every state before the end leads to every end.
 */
const NEXT_STATES: Readonly<Record<JobState, readonly JobState[]>> = {
  QUEUED: ['PENDING', 'RUNNING', 'CANCELLING', 'CANCELLED', 'SUCCEEDED', 'PARTIALLY_SUCCEEDED', 'FAILED', 'EXPIRED'],
  PENDING: ['RUNNING', 'PAUSED', 'CANCELLING', 'CANCELLED', 'SUCCEEDED', 'PARTIALLY_SUCCEEDED', 'FAILED', 'EXPIRED'],
  RUNNING: ['PAUSED', 'CANCELLING', 'CANCELLED', 'SUCCEEDED', 'PARTIALLY_SUCCEEDED', 'FAILED', 'EXPIRED'],
  PAUSED: ['PENDING', 'RUNNING', 'CANCELLING', 'CANCELLED', 'SUCCEEDED', 'PARTIALLY_SUCCEEDED', 'FAILED', 'EXPIRED'],
  CANCELLING: ['CANCELLED', 'SUCCEEDED', 'PARTIALLY_SUCCEEDED', 'FAILED', 'EXPIRED'],
  SUCCEEDED: [],
  PARTIALLY_SUCCEEDED: [],
  FAILED: [],
  CANCELLED: [],
  EXPIRED: [],
};

export function isAllowedTransition(from: JobState, to: JobState): boolean {
  return NEXT_STATES[from].includes(to);
}

export function isTerminalState(state: JobState): boolean {
  return NEXT_STATES[state].length === 0;
}
