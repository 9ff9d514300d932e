import type { EntityType } from '../../datasources/registry/model.js';
import { toClientValue, type ClientValue } from '../../values/client-value.js';
import { formatInstant, type Instant } from '../../values/instant.js';
import { stringifyExactly } from '../../values/minus-zero.js';
import type { Violation } from '../expectations/find-violations.js';
import type { IncomingRow } from '../feature-writer.js';

/** A line of the quarantine. docs/expectations.md describes it. */
export interface QuarantineLine {
  /** When it was kept, RFC 3339. */
  readonly time: string;
  readonly featurestore: string;
  readonly entityType: string;
  readonly violations: readonly Violation[];
  /** As `POST /ingest` takes it, so that a corrected row can be sent again. */
  readonly row: {
    readonly entityId: string;
    readonly timestamp?: string;
    readonly values: Readonly<Record<string, ClientValue | null>>;
  };
}

/** A line with its line end. */
export function encodeQuarantined(
  { name, featurestore }: EntityType,
  { entityId, timestamp, values }: IncomingRow,
  violations: readonly Violation[],
  now: Instant,
): string {
  const line: QuarantineLine = {
    time: formatInstant(now),
    featurestore: featurestore.name,
    entityType: name,
    violations,
    row: {
      entityId,
      ...(timestamp === null ? {} : { timestamp: formatInstant(timestamp) }),
      values: Object.fromEntries(
        [...values].map(([feature, value]) => [
          feature.name,
          value === null ? null : toClientValue(feature.valueType, value),
        ]),
      ),
    },
  };
  return `${stringifyExactly(line)}\n`;
}

/** Of the keys of a line, those that name the entity type. The first place that has this text is that of the line itself. */
function placeOf(featurestore: string, entityType: string): string {
  return `"featurestore":${JSON.stringify(featurestore)},"entityType":${JSON.stringify(entityType)},`;
}

/** The line of an entity type by its present name. */
export function renameQuarantined(line: string, { name, renamedFrom, featurestore }: EntityType): string {
  if (renamedFrom === null) return line;
  const old = placeOf(featurestore.name, renamedFrom);
  const start = line.indexOf('"featurestore":');
  if (start < 0 || !line.startsWith(old, start)) return line;
  return line.slice(0, start) + placeOf(featurestore.name, name) + line.slice(start + old.length);
}

/** The entity of a line; undefined for a line that a killed process left in the middle. */
export function readQuarantinedEntity(
  line: string,
): { readonly featurestore: string; readonly entityType: string; readonly entityId: string } | undefined {
  try {
    const { featurestore, entityType, row } = JSON.parse(line) as QuarantineLine;
    return { featurestore, entityType, entityId: row.entityId };
  } catch {
    return undefined;
  }
}
