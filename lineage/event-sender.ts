import { LINEAGE_LIMITS } from '../limits/lineage-limits.js';
import { pause } from '../runtime/pause.js';
import { postJson } from '../runtime/post-json.js';
import type { EventOutbox } from './event-outbox.js';

export interface EventSenderOptions {
  readonly outbox: Pick<EventOutbox, 'oldest' | 'remove'>;
  readonly url: string;
  /** Read before each request, so that another key needs no restart. null: the server asks for none. */
  readonly readApiKey: () => Promise<string | null>;
  /** The outcome of each attempt. The cause has no text of the server. */
  readonly onAttempt: (outcome: AttemptOutcome, cause?: unknown) => void;
  readonly limits?: Partial<typeof LINEAGE_LIMITS>;
}

/** FAILED is repeated. REFUSED is not: the server will never take this event. */
export type AttemptOutcome = 'SENT' | 'FAILED' | 'REFUSED';

/** Statuses of a server that does not take this event. Any other failure can be of the server, its address or the key. */
const REFUSALS = new Set([400, 413, 422]);

/** Sends the events of an outbox one after the other, until the server took or refused each. */
export class EventSender {
  readonly #limits: typeof LINEAGE_LIMITS;
  readonly #closing = new AbortController();
  readonly #cut = new AbortController();
  #running: Promise<void> | undefined;

  constructor(private readonly options: EventSenderOptions) {
    this.#limits = { ...LINEAGE_LIMITS, ...options.limits };
  }

  /** Call it when there are events. */
  wake(): void {
    if (this.#running || this.#closing.signal.aborted) return;
    this.#running = this.#sendAll().finally(() => {
      this.#running = undefined;
      // An event that came while the last look was under way.
      if (!this.#closing.signal.aborted && this.options.outbox.oldest()) this.wake();
    });
  }

  /** Sends what can be sent at once. The rest stays in the outbox. */
  async close(): Promise<void> {
    this.#closing.abort();
    const cut = setTimeout(() => this.#cut.abort(), this.#limits.closeMs);
    await this.#running;
    clearTimeout(cut);
  }

  async #sendAll(): Promise<void> {
    const { outbox, onAttempt } = this.options;
    let wait = this.#limits.firstPauseMs;
    for (let event = outbox.oldest(); event; event = outbox.oldest()) {
      try {
        const outcome = await this.#send(event.text);
        await outbox.remove(event);
        onAttempt(outcome.taken ? 'SENT' : 'REFUSED', outcome.taken ? undefined : outcome.cause);
        wait = this.#limits.firstPauseMs;
      } catch (error) {
        onAttempt('FAILED', error);
        if (this.#closing.signal.aborted) return;
        await pause(wait, this.#closing.signal);
        wait = Math.min(wait * 2, this.#limits.maxPauseMs);
      }
    }
  }

  async #send(text: string): Promise<{ readonly taken: true } | { readonly taken: false; readonly cause: Error }> {
    const key = await this.options.readApiKey();
    const status = await postJson(this.options.url, text, {
      headers: key === null ? {} : { authorization: `Bearer ${key}` },
      deadlineMs: this.#limits.deadlineMs,
      signal: this.#cut.signal,
    });
    if (status >= 200 && status < 300) return { taken: true };
    const cause = new Error(`the server of OpenLineage answered with HTTP ${status}`);
    if (REFUSALS.has(status)) return { taken: false, cause };
    throw cause;
  }
}
