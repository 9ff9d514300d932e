import type { Feature } from '../../../registry/model.js';
import { joinSql } from '../sql-text.js';
import { quoteIdentifier } from '../../../duckdb/sql-text.js';
import { signsSql, withSigns } from './zero-signs.js';

/**
 * The order of ties as one comparable value: event time, creation time, sequence, and last the place in the table,
 * which is the order of arrival (tables are only appended to). DuckDB compares structs field by field. It orders nulls
 * last, so placeholders replace them: an unknown time is the oldest.
 */
const EVENT_TIME = 't: h.event_timestamp';
const TIE_ORDER = [
  `c: coalesce(h.created_timestamp, TIMESTAMP '-infinity')`,
  `s: coalesce(h.sequence, (-9223372036854775808)::BIGINT)`,
  'r: h.rowid',
];

/** The same order as an ORDER BY, for rows of one event time. */
export const NEWEST_ARRIVAL_FIRST = 'h.created_timestamp DESC NULLS LAST, h.sequence DESC NULLS LAST, h.rowid DESC';

interface VersionParts {
  /** false in a static source, which has no event time. */
  readonly timed: boolean;
  /** Carries this feature's value. It is never compared, because no two rows have the same place. */
  readonly withValue?: Feature;
}

export function version({ timed, withValue }: VersionParts): string {
  const parts = [
    ...(timed ? [EVENT_TIME] : []),
    ...TIE_ORDER,
    ...(withValue ? [`v: h.${quoteIdentifier(withValue.name)}`, ...signOfZero(withValue)] : []),
  ];
  return `{${parts.join(', ')}}`;
}

function signOfZero({ name, valueType }: Feature): string[] {
  const signs = signsSql(valueType, `h.${quoteIdentifier(name)}`);
  return signs === undefined ? [] : [`z: ${signs}`];
}

/** The value that a version carries, with the sign of each zero. */
export function carriedValue({ valueType }: Feature, version: string): string {
  return withSigns(valueType, `${version}.v`, `${version}.z`);
}

/** The newest row; its `.r` is the rowid. */
export function newestRow(timed: boolean): string {
  return `max(${version({ timed })})`;
}

/** The newest row in which the feature is not null and the condition holds; `carriedValue` reads its value. */
export function newestValue(
  feature: Feature,
  { timed, where }: { readonly timed: boolean; readonly where?: string },
): string {
  const isThere = `h.${quoteIdentifier(feature.name)} IS NOT NULL`;
  return `max(${version({ timed, withValue: feature })}) FILTER (WHERE ${joinSql([where, isThere], ' AND ')})`;
}
