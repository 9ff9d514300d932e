import type { Database, RootDatabase } from 'lmdb';
import { LINEAGE_LIMITS } from '../limits/lineage-limits.js';
import { openLmdb, transact } from '../runtime/lmdb.js';

export interface WaitingEvent {
  readonly key: number;
  readonly text: string;
}

/**
 * Events that were not sent yet, on the disk of this gateway, in the order in which they came. It also knows the jobs whose
 * START is in it or was sent and whose end is not: after a crash, they are looked at again.
 */
export class EventOutbox {
  readonly #environment: RootDatabase;
  readonly #events: Database<string, number>;
  readonly #begun: Database<true, string>;
  #next: number;
  #size: number;
  #bytes = 0;

  constructor(
    path: string,
    private readonly maxEvents: number = LINEAGE_LIMITS.maxWaitingEvents,
    private readonly maxBytes: number = LINEAGE_LIMITS.maxWaitingBytes,
  ) {
    this.#environment = openLmdb({ path, maxDbs: 2 });
    this.#events = this.#environment.openDB({ name: 'events' });
    this.#begun = this.#environment.openDB({ name: 'begun' });
    const [newest] = this.#events.getKeys({ reverse: true, limit: 1 });
    this.#next = (newest ?? 0) + 1;
    this.#size = this.#events.getCount();
    for (const { value } of this.#events.getRange()) this.#bytes += Buffer.byteLength(value);
  }

  get size(): number {
    return this.#size;
  }

  hasBegun(job: string): boolean {
    return this.#begun.get(job) ?? false;
  }

  get begun(): string[] {
    return [...this.#begun.getKeys()];
  }

  /**
   * Stores the events of a job durably, and whether more will come. Returns how many had no place: the newest are left out,
   * because those before them may be of runs that have begun.
   */
  async add(job: string, texts: readonly string[], isEnd: boolean): Promise<number> {
    const { added, bytes } = this.#fitting(texts);
    const first = this.#next;
    await transact(this.#environment, () => {
      added.forEach((text, index) => void this.#events.put(first + index, text));
      // A START without a place is made again with the end of the job.
      if (isEnd) void this.#begun.remove(job);
      else if (added.length === texts.length) void this.#begun.put(job, true);
    });
    await this.#environment.flushed;
    this.#next += added.length;
    this.#size += added.length;
    this.#bytes += bytes;
    return texts.length - added.length;
  }

  oldest(): WaitingEvent | undefined {
    const [entry] = this.#events.getRange({ limit: 1 });
    return entry && { key: entry.key, text: entry.value };
  }

  async remove({ key, text }: WaitingEvent): Promise<void> {
    await transact(this.#environment, () => void this.#events.remove(key));
    this.#size -= 1;
    this.#bytes -= Buffer.byteLength(text);
  }

  /** The first of the texts for which there is room. */
  #fitting(texts: readonly string[]): { readonly added: readonly string[]; readonly bytes: number } {
    const added: string[] = [];
    let bytes = 0;
    for (const text of texts) {
      const more = bytes + Buffer.byteLength(text);
      if (this.#size + added.length >= this.maxEvents || this.#bytes + more > this.maxBytes) break;
      added.push(text);
      bytes = more;
    }
    return { added, bytes };
  }

  async close(): Promise<void> {
    await this.#environment.close();
  }
}
