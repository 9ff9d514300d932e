import type { OnlineWrite } from '../../datasources/online/online-store.js';
import { findRowFault } from '../../datasources/offline/find-row-fault.js';
import type { EntityType, Feature, FeatureSource } from '../../datasources/registry/model.js';
import { WRITE_LIMITS } from '../../limits/write-limits.js';
import { formatInstant, type Instant } from '../../values/instant.js';
import type { RawValue } from '../../values/value-type.js';
import type { IncomingRow, RowFault } from '../feature-writer.js';

/** 1900-01-01T00:00:00Z. An earlier event time is nearly always a missing or wrongly read one. */
const EARLIEST: Instant = -2_208_988_800_000_000n;
const YEAR: Instant = 31_557_600_000_000n;

/** The part of a row that belongs to one source. Its creation time is that of the write. */
export type CheckedPart = Omit<OnlineWrite, 'isPartial'>;

export interface CheckedRow {
  /** Its number in the request. */
  readonly row: number;
  readonly parts: readonly CheckedPart[];
}

export interface CheckedRows {
  readonly rows: readonly CheckedRow[];
  readonly faults: readonly RowFault[];
}

/** Checks rows and divides each by the sources of its features. */
export function checkRows(entityType: EntityType, rows: readonly IncomingRow[], now: Instant): CheckedRows {
  const faults: RowFault[] = [];
  const checked: CheckedRow[] = [];
  const latest = now + BigInt(WRITE_LIMITS.maxYearsAhead) * YEAR;
  for (const [row, incoming] of rows.entries()) {
    const fault = findFault(entityType, incoming, latest);
    if (fault) faults.push({ row, ...fault });
    else checked.push({ row, parts: toParts(incoming) });
  }
  return { rows: checked, faults };
}

type Fault = Omit<RowFault, 'row'>;

function findFault(entityType: EntityType, incoming: IncomingRow, latest: Instant): Fault | undefined {
  const { entityId, timestamp, values } = incoming;
  if (values.size === 0) return rowFault('The row has no values. Write at least one feature.');
  const sources = new Set<FeatureSource>();
  let isTimed = false;
  for (const feature of values.keys()) {
    const { source } = feature;
    if (source.sql !== null) return notWritable(feature);
    isTimed ||= source.timestampColumn !== null;
    sources.add(source);
  }
  const timeFault = isTimed ? findTimeFault(timestamp, latest) : findStaticTimeFault(entityType, timestamp);
  if (timeFault !== undefined) return { part: { kind: 'TIMESTAMP' }, code: 'BAD_USER_INPUT', message: timeFault };
  for (const source of sources) {
    const reason = findRowFault(source, { entityId, timestamp });
    if (reason !== undefined) {
      const message = `The row cannot be stored: ${reason}.`;
      return { part: { kind: 'ENTITY_ID' }, code: 'BAD_USER_INPUT', message };
    }
    const missing = entityType.dense ? source.features.filter((feature) => !values.has(feature)) : [];
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

function toParts({ entityId, timestamp, values }: IncomingRow): CheckedPart[] {
  const parts = new Map<FeatureSource, Map<string, RawValue | null>>();
  for (const [{ name, source }, value] of values) {
    const ofSource = parts.get(source);
    if (ofSource) ofSource.set(name, value);
    else parts.set(source, new Map([[name, value]]));
  }
  return Array.from(parts, ([source, ofSource]) => ({
    entityId,
    source,
    version: {
      timestamp: source.timestampColumn === null ? null : timestamp,
      createdTimestamp: null,
      sequence: null,
    },
    values: ofSource,
  }));
}
