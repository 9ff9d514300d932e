import type { QueryPayer } from '../datasources/offline/query-payer.js';
import type { Clock } from '../values/clock.js';
import type { JobControl } from './job-handler.js';
import { isTerminalState } from '../datasources/job-store/job-state.js';
import { advanceProgress, type JobRecord } from '../datasources/job-store/job-record.js';
import type { JobWatch } from './job-watch.js';
import type { ProgressMeter } from './progress-meter.js';

/** The parts of the engine that receive a handler's reports. */
export interface JobControlParts {
  readonly payer: QueryPayer;
  readonly signal: AbortSignal;
  readonly stopping: AbortSignal;
  readonly meter: ProgressMeter;
  readonly clock: Clock;
  /** Changes the job's record durably. */
  readonly change: (change: (record: JobRecord) => JobRecord) => Promise<JobRecord>;
  /** undefined after the job has ended. */
  readonly watch: () => JobWatch | undefined;
}

/** The methods by which a handler reports on its job. Each states whether it is durable or cheap. */
export function jobControl({ payer, signal, stopping, meter, clock, change, watch }: JobControlParts): JobControl {
  return {
    payer,
    signal,
    stopping,
    running: async (total) => {
      const { progress } = await change((current) => ({
        ...current,
        state: current.state === 'PENDING' ? 'RUNNING' : current.state,
        progress: { ...current.progress, total },
      }));
      meter.add(progress, clock());
    },
    state: async (state, total) => {
      if (isTerminalState(state)) return;
      await change((current) => ({ ...current, state, progress: { ...current.progress, total } }));
    },
    report: (progress) => {
      meter.add(progress, clock());
      const watched = watch();
      watched?.publish({ ...watched.current, progress: advanceProgress(watched.current.progress, progress) });
    },
    checkpoint: async (checkpoint, progress) => {
      meter.add(progress, clock());
      await change((current) => ({ ...current, checkpoint, progress, attempts: 0 }));
    },
  };
}
