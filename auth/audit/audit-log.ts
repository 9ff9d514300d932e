import { setTimeout as sleep } from 'node:timers/promises';
import { AUDIT_LIMITS } from '../../limits/audit-limits.js';
import { turns } from '../../runtime/turns.js';
import type { Clock } from '../../values/clock.js';
import { formatInstant, type Instant } from '../../values/instant.js';
import type { AuditChain, ChainPosition } from './audit-chain.js';
import type { AuditFiles } from './audit-files.js';
import type {
  AuditedAccess,
  AuditedOperation,
  AuditedRefusals,
  AuditedRefusedOperations,
  RefusedOperation,
} from './audit-record.js';
import { accessText, operationHead } from './operation-line.js';
import { RefusalCounts } from './refusal-counts.js';
import { RefusedOperations } from './refused-operations.js';

export interface AuditLogOptions {
  readonly files: AuditFiles;
  readonly chain: AuditChain;
  readonly clock: Clock;
  /** Whether requests are refused while the log is full. Otherwise operations are lost. */
  readonly isRequired: boolean;
  /** A write that failed; it is repeated. */
  readonly onError: (error: unknown) => void;
  readonly limits?: Partial<typeof AUDIT_LIMITS>;
}

/** Lines between two looks at the clock. A line of a thousand ids takes a millisecond. */
const LINES_PER_CHECK = 4;

interface Waiting {
  readonly time: Instant;
  readonly entry: AuditedOperation | AuditedRefusals | AuditedRefusedOperations;
  readonly weight: number;
}

/**
 * The audit log: who did what, in lines of JSON that are chained by hashes. A request never waits for it: its operation is
 * put into a bounded queue, and written within a second. While the disk fails, the writes are repeated. When the queue is
 * full, operations are lost, and a line of the log says how many.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #limits: typeof AUDIT_LIMITS;
  #waiting: Waiting[] = [];
  #weight = 0;
  #lost = 0;
  /** All that was lost since the start, for metrics. */
  #lostInAll = 0;
  #writing: Promise<void> | null = null;
  #isClosing = false;
  readonly #refusals: RefusalCounts;
  readonly #refusedOperations: RefusedOperations;
  #refusalsTimer: NodeJS.Timeout | undefined;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#limits = { ...AUDIT_LIMITS, ...options.limits };
    this.#refusals = new RefusalCounts(this.#limits.maxRefusedAddresses);
    this.#refusedOperations = new RefusedOperations(this.#limits, (text) => options.chain.hashDocument(text));
  }

  /** Whether requests must be refused, because the log would not have them. */
  get mustRefuse(): boolean {
    return this.#options.isRequired && this.isFull;
  }

  /** Whether the next operation would be lost. */
  get isFull(): boolean {
    return this.#weight >= this.#limits.maxWaiting;
  }

  get lost(): number {
    return this.#lostInAll;
  }

  get end(): ChainPosition {
    return this.#options.files.end;
  }

  record(operation: AuditedOperation): void {
    if (this.isFull) {
      this.#lost += 1;
      this.#lostInAll += 1;
      return;
    }
    this.#push(
      operation,
      operation.accesses.reduce((sum, { entityIds }) => sum + 1 + (entityIds?.length ?? 0), 1),
    );
  }

  /** Counts refused credentials. Their line comes after some seconds, with all of that time. */
  recordRefusal(address: string, reason: string): void {
    if (this.#refusals.add(address, reason, this.#time)) this.#writeRefusalsLater();
  }

  /** Counts operations that did not run, in the same way. */
  recordRefusedOperation(refused: RefusedOperation): void {
    if (this.#refusedOperations.add(refused, this.#time)) this.#writeRefusalsLater();
  }

  /** Writes what waits, for a bounded time: a disk that fails does not hold up the end of the process. */
  async close(): Promise<void> {
    this.#writeRefusals();
    this.#isClosing = true;
    await Promise.race([this.#writing, sleep(this.#limits.closeMs, undefined, { ref: false })]);
    await this.#options.files.close();
  }

  #push(entry: Waiting['entry'], weight: number): void {
    this.#waiting.push({ time: this.#options.clock(), entry, weight });
    this.#weight += weight;
    this.#start();
  }

  readonly #time = (): string => formatInstant(this.#options.clock());

  #writeRefusalsLater(): void {
    this.#refusalsTimer ??= setTimeout(() => this.#writeRefusals(), this.#limits.refusalsMs).unref();
  }

  #writeRefusals(): void {
    clearTimeout(this.#refusalsTimer);
    this.#refusalsTimer = undefined;
    // While the queue is full they go on being counted, and lose nothing.
    if (this.isFull) return this.#writeRefusalsLater();
    const refusals = this.#refusals.take();
    if (refusals) this.#push(refusals, 1 + refusals.addresses.length);
    const operations = this.#refusedOperations.take();
    if (operations) this.#push(operations, 1 + operations.operations.length);
  }

  #start(): void {
    if (this.#writing) return;
    this.#writing = this.#write().finally(() => {
      this.#writing = null;
      if (this.#waiting.length > 0) this.#start();
    });
  }

  async #write(): Promise<void> {
    // What arrives in this time becomes one write.
    if (!this.#isClosing) await sleep(this.#limits.flushMs);
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      const lines: string[] = [];
      for (const { time, entry } of batch) {
        for (const line of this.#toLines(formatInstant(time), entry)) {
          lines.push(line);
          const turn = lines.length % LINES_PER_CHECK === 0 ? turns.take() : undefined;
          if (turn) await turn;
        }
      }
      await this.#append(lines);
      this.#weight -= batch.reduce((sum, { weight }) => sum + weight, 0);
    }
  }

  #takeBatch(): Waiting[] {
    let weight = 0;
    let count = 0;
    while (count < this.#waiting.length && weight < this.#limits.batchWeight) weight += this.#waiting[count++]!.weight;
    return this.#waiting.splice(0, count);
  }

  async #append(lines: readonly string[]): Promise<void> {
    const { files, clock, onError } = this.#options;
    for (let attempt = 0; ; attempt += 1) {
      const lost = this.#lost;
      const gap = lost === 0 ? [] : [JSON.stringify({ kind: 'LOST', time: formatInstant(clock()), operations: lost })];
      try {
        await files.append([...gap, ...lines]);
        this.#lost -= lost;
        return;
      } catch (error) {
        // A disk that is full for an hour must not fill the log of the gateway too.
        if (attempt % 60 === 0) onError(error);
        await sleep(this.#limits.retryMs, undefined, { ref: false });
      }
    }
  }

  /** The JSON text of one line; of more if an access has more ids than a line may have. */
  *#toLines(time: string, entry: Waiting['entry']): Generator<string> {
    if (!('accesses' in entry)) {
      yield JSON.stringify({ kind: 'operations' in entry ? 'REFUSED_OPERATIONS' : 'REFUSED', time, ...entry });
      return;
    }
    const { maxIdsPerLine } = this.#limits;
    const { accesses } = entry;
    // All lines of an operation begin with the same text.
    const head = operationHead(time, entry);
    const isLong = ({ entityIds }: AuditedAccess): boolean =>
      entityIds !== undefined && entityIds.length > maxIdsPerLine;
    const short = accesses.filter((access) => !isLong(access));
    if (short.length > 0 || accesses.length === 0) {
      yield `${head},"accesses":[${short.map(this.#accessText).join(',')}]}`;
    }
    for (const access of accesses.filter(isLong)) {
      const ids = access.entityIds!;
      for (let start = 0; start < ids.length; start += maxIdsPerLine) {
        const part = this.#accessText({ ...access, entityIds: ids.slice(start, start + maxIdsPerLine) });
        yield `${head},"part":${start / maxIdsPerLine},"accesses":[${part}]}`;
      }
    }
  }

  readonly #accessText = (access: AuditedAccess): string =>
    accessText(access, (entityType, id) => this.#options.chain.hashId(entityType, id));
}
