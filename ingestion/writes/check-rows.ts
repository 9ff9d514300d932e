import type { OnlineWrite, ValueVersion } from '../../datasources/online/online-store.js';
import { findRowFault } from '../../datasources/offline/find-row-fault.js';
import type { EntityType, Feature, FeatureSource } from '../../datasources/registry/model.js';
import { WRITE_LIMITS } from '../../limits/write-limits.js';
import { turns } from '../../runtime/turns.js';
import { formatInstant, type Instant } from '../../values/instant.js';
import { findViolations, type ViolatedRow, type Violation } from '../expectations/find-violations.js';
import type { IncomingRow, RowFault } from '../feature-writer.js';
import { listValues, planOf, type RowPlan } from './row-plan.js';

/** 1900-01-01T00:00:00Z. An earlier event time is nearly always a missing or wrongly read one. */
const EARLIEST: Instant = -2_208_988_800_000_000n;
const YEAR: Instant = 31_557_600_000_000n;

/** The part of a row that belongs to one source. */
export interface CheckedPart extends Omit<OnlineWrite, 'isPartial'> {
  /** The creation time is null until the part is written. */
  readonly version: ValueVersion & { createdTimestamp: Instant | null };
}

export interface CheckedRow {
  /** Its number in the request. */
  readonly row: number;
  readonly parts: readonly CheckedPart[];
}

export interface CheckedRows {
  readonly rows: readonly CheckedRow[];
  readonly faults: readonly RowFault[];
  /** Valid rows that are not written, but kept in the quarantine. */
  readonly quarantined: readonly ViolatedRow[];
  /** Of `rows`, those with values that are not as expected. */
  readonly warned: readonly ViolatedRow[];
}

/**
 * Checks rows and divides each by the sources of its features. Every write passes here, so it is also the one place that
 * compares values with what the registry expects.
 */
export async function checkRows(
  entityType: EntityType,
  rows: readonly IncomingRow[],
  now: Instant,
): Promise<CheckedRows> {
  const faults: RowFault[] = [];
  const checked: CheckedRow[] = [];
  const quarantined: ViolatedRow[] = [];
  const warned: ViolatedRow[] = [];
  const latest = now + BigInt(WRITE_LIMITS.maxYearsAhead) * YEAR;
  for (let row = 0; row < rows.length; row += 1) {
    const incoming = rows[row]!;
    const plan = planOf(entityType, incoming.values);
    const fault = findFault(entityType, plan, incoming, latest);
    if (fault) {
      faults.push({ row, ...fault });
      continue;
    }
    let violations: ViolatedRow['violations'] | undefined;
    if (plan.checks.length > 0) {
      // A long text and the slowest pattern take milliseconds.
      const turn = turns.take();
      if (turn) await turn;
      violations = findViolations(plan.checks, listValues(incoming.values));
    }
    const action = violations?.[0]?.action;
    if (action === 'REJECT') faults.push({ row, ...notAsExpected(violations![0]!) });
    else if (action === 'QUARANTINE') quarantined.push({ row, violations: violations! });
    else {
      checked.push({ row, parts: toParts(plan, incoming) });
      if (violations) warned.push({ row, violations });
    }
  }
  return { rows: checked, faults, quarantined, warned };
}

type Fault = Omit<RowFault, 'row'>;

function findFault(
  entityType: EntityType,
  { computed, isTimed, parts }: RowPlan,
  { entityId, timestamp }: IncomingRow,
  latest: Instant,
): Fault | undefined {
  if (parts.length === 0) return rowFault('The row has no values. Write at least one feature.');
  if (computed) return notWritable(computed);
  const timeFault = isTimed ? findTimeFault(timestamp, latest) : findStaticTimeFault(entityType, timestamp);
  if (timeFault !== undefined) return { part: { kind: 'TIMESTAMP' }, code: 'BAD_USER_INPUT', message: timeFault };
  for (const { source, missing } of parts) {
    const reason = findRowFault(source, { entityId, timestamp });
    if (reason !== undefined) {
      const message = `The row cannot be stored: ${reason}.`;
      return { part: { kind: 'ENTITY_ID' }, code: 'BAD_USER_INPUT', message };
    }
    if (missing.length > 0) return rowFault(toMissing(source, missing));
  }
  return undefined;
}

function findTimeFault(timestamp: Instant | null, latest: Instant): string | undefined {
  if (timestamp === null) return 'The row has no timestamp. Write the time at which its values became true.';
  if (timestamp >= EARLIEST && timestamp <= latest) return undefined;
  return (
    `The timestamp ${formatInstant(timestamp)} is before 1900 or more than ${WRITE_LIMITS.maxYearsAhead} years ahead. ` +
    'Check its unit.'
  );
}

function findStaticTimeFault({ name }: EntityType, timestamp: Instant | null): string | undefined {
  if (timestamp === null) return undefined;
  return `The row has only static features of "${name}", which hold at every time. Leave out its timestamp.`;
}

function notWritable(feature: Feature): Fault {
  return {
    part: { kind: 'VALUE', feature: feature.name },
    code: 'FEATURE_NOT_WRITABLE',
    message:
      `The feature "${feature.name}" is computed by the SQL of its source "${feature.source.name}", which would ` +
      'replace a written value. Write features of sources without SQL.',
  };
}

function notAsExpected({ feature, message }: Violation): Fault {
  return { part: { kind: 'VALUE', feature }, code: 'EXPECTATION_VIOLATED', message };
}

function toMissing(source: FeatureSource, missing: readonly Feature[]): string {
  const names = missing.map(({ name }) => name).join(', ');
  return (
    `The entity type "${source.entityType.name}" is dense: a row has every feature of the source "${source.name}". ` +
    `It lacks ${names}. Write null for a feature without a value.`
  );
}

function rowFault(message: string): Fault {
  return { part: null, code: 'BAD_USER_INPUT', message };
}

function toParts({ parts }: RowPlan, { entityId, timestamp, values }: IncomingRow): CheckedPart[] {
  const list = listValues(values);
  return parts.map(({ source, toValues }) => ({
    entityId,
    source,
    version: { timestamp: source.timestampColumn === null ? null : timestamp, createdTimestamp: null, sequence: null },
    values: toValues(list),
  }));
}
