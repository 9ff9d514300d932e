import { AppError } from '../../errors/app-error.js';
import type {
  FeatureWriter,
  IncomingRow,
  RowFault,
  WriteOutcome,
  WriteRequest,
} from '../../ingestion/feature-writer.js';
import { toCanonicalJson } from '../../values/canonical-json.js';
import { formatInstant } from '../../values/instant.js';
import { toClientValue } from '../../values/client-value.js';

/** A writer that keeps rows in memory, and fails or waits as a test says. The real ones are tested with their stores. */
export class MemoryWriter implements FeatureWriter {
  /** The durable rows, by entity, time and values. */
  readonly durable = new Map<string, IncomingRow>();
  readonly requests: WriteRequest[] = [];
  /** Runs before each write: it may wait, or throw. */
  beforeWrite: (request: WriteRequest) => Promise<void> = async () => undefined;
  /** Runs after the rows are durable and before they are acknowledged. */
  beforeAnswer: (request: WriteRequest) => Promise<void> = async () => undefined;
  findFault: (row: IncomingRow) => Omit<RowFault, 'row'> | undefined = () => undefined;

  async write(request: WriteRequest): Promise<WriteOutcome> {
    this.requests.push(request);
    await this.beforeWrite(request);
    const faults: RowFault[] = [];
    const duplicateRows: number[] = [];
    for (const [index, row] of request.rows.entries()) {
      const fault = this.findFault(row);
      if (fault) {
        faults.push({ row: index, ...fault });
        continue;
      }
      const key = rowKey(row);
      if (this.durable.has(key)) duplicateRows.push(index);
      else this.durable.set(key, row);
    }
    await this.beforeAnswer(request);
    const duplicates = duplicateRows.length;
    return { written: request.rows.length - faults.length - duplicates, duplicates, duplicateRows, faults };
  }

  /** The ids of the entities with durable rows, in the order in which the rows became durable. */
  get entityIds(): string[] {
    return [...this.durable.values()].map(({ entityId }) => entityId);
  }
}

export function storeDown(): AppError {
  return new AppError('STORE_UNAVAILABLE', 'The online store did not answer. Try again.');
}

function rowKey({ entityId, timestamp, values }: IncomingRow): string {
  const written = [...values].map(([feature, value]) => [
    feature.name,
    value === null ? null : toClientValue(feature.valueType, value),
  ]);
  return toCanonicalJson([entityId, timestamp === null ? null : formatInstant(timestamp), Object.fromEntries(written)]);
}
