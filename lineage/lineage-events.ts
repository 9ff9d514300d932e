import type { JobRecord } from '../datasources/job-store/job-record.js';
import { isTerminalState } from '../datasources/job-store/job-state.js';
import { LINEAGE_LIMITS } from '../limits/lineage-limits.js';
import { SerialTasks } from '../runtime/serial-tasks.js';
import type { EventOutbox } from './event-outbox.js';
import type { EventSender } from './event-sender.js';
import type { RunEvents } from './run-events.js';
import { writeEvent } from './write-event.js';

export interface LineageEventsOptions {
  readonly events: RunEvents;
  readonly outbox: EventOutbox;
  readonly sender: EventSender;
  /** Events that are lost, and why. */
  readonly onDropped: (count: number, cause: unknown) => void;
}

/**
 * Tells a server of OpenLineage of the jobs that run here: at least once, in their order, and beside them. Nothing of it can
 * delay or fail a job.
 */
export class LineageEvents {
  readonly #tasks = new SerialTasks();
  #unwritten = 0;

  constructor(private readonly options: LineageEventsOptions) {}

  /** Call it at each attempt of a job. */
  began(job: JobRecord): void {
    this.#add(job, false);
  }

  /** Call it once when a job has ended. */
  ended(job: JobRecord): void {
    this.#add(job, true);
  }

  /**
   * Completes the runs that the last process began: `findJob` has their jobs. A job that ended while nothing could be written
   * gets its end; another one goes on. Call it before any job runs.
   */
  async recover(findJob: (id: string) => Promise<JobRecord | undefined>): Promise<void> {
    for (const id of this.options.outbox.begun) {
      const job = await findJob(id);
      if (!job) await this.options.outbox.add(id, [], true);
      else if (isTerminalState(job.state)) this.ended(job);
    }
    this.options.sender.wake();
  }

  async close(): Promise<void> {
    await this.#tasks.run(async () => undefined);
    await this.options.sender.close();
    await this.options.outbox.close();
  }

  #add(job: JobRecord, isEnd: boolean): void {
    if (this.#unwritten >= LINEAGE_LIMITS.maxUnwritten) {
      this.options.onDropped(1, new Error('too many events wait for the disk'));
      return;
    }
    this.#unwritten += 1;
    void this.#tasks
      .run(() => this.#write(job, isEnd))
      .catch((error: unknown) => this.options.onDropped(1, error))
      .finally(() => (this.#unwritten -= 1));
  }

  async #write(job: JobRecord, isEnd: boolean): Promise<void> {
    const { events, outbox, sender, onDropped } = this.options;
    const hasBegun = outbox.hasBegun(job.id);
    if (hasBegun && !isEnd) return;
    const made = [
      // A job that was cancelled before it began has a START too: a run without one is not well-formed.
      ...(hasBegun ? [] : [await events.start(job)]),
      ...(isEnd ? [await events.end(job)] : []),
    ];
    const texts = made.flatMap((event) => writeEvent(event) ?? []);
    const tooLong = made.length - texts.length;
    if (tooLong > 0) onDropped(tooLong, new Error('the event is too long'));
    const lost = await outbox.add(job.id, texts, isEnd);
    if (lost > 0) onDropped(lost, new Error('too many events wait for the server'));
    sender.wake();
  }
}
