import { AppError } from '../../errors/app-error.js';
import type { ViolatedRow, Violation } from '../../ingestion/expectations/find-violations.js';
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
  /** Of rows that the registry puts into the quarantine. They are not durable. */
  findViolations: (row: IncomingRow) => readonly Violation[] = () => [];
  findFault: (row: IncomingRow) => Omit<RowFault, 'row'> | undefined = () => undefined;

  async write(request: WriteRequest): Promise<WriteOutcome> {
    this.requests.push(request);
    await this.beforeWrite(request);
    const faults: RowFault[] = [];
    const duplicateRows: number[] = [];
    const quarantined: ViolatedRow[] = [];
    for (const [index, row] of request.rows.entries()) {
      const fault = this.findFault(row);
      if (fault) {
        faults.push({ ...fault, row: index });
        continue;
      }
      const violations = this.findViolations(row);
      if (violations.length > 0) {
        quarantined.push({ row: index, violations });
        continue;
      }
      const key = rowKey(row);
      if (this.durable.has(key)) duplicateRows.push(index);
      else this.durable.set(key, row);
    }
    await this.beforeAnswer(request);
    const duplicates = duplicateRows.length;
    const written = request.rows.length - faults.length - quarantined.length - duplicates;
    return { written, duplicates, duplicateRows, faults, quarantined, warned: [] };
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
