import { formatInstant, type Instant } from '../../../../values/instant.js';

/** A type as BigQuery's client wants it said: a name, a list of one type, or the fields of a struct. */
export type ParameterType = string | readonly [ParameterType] | { readonly [field: string]: ParameterType };

/** A compiled query for BigQuery. Values are only ever parameters, and each has its type beside it. */
export interface BigQuerySql {
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly types: Readonly<Record<string, ParameterType>>;
}

/**
 * Gathers named parameters while SQL is written. Types are always said: left to guess, the client refuses an empty list
 * and takes a whole number for an INT64 where a FLOAT64 is meant.
 */
export class BigQueryParameters {
  readonly params: Record<string, unknown> = {};
  readonly types: Record<string, ParameterType> = {};

  /** Gives the placeholder that stands for the value. The same name twice is the same parameter. */
  add(name: string, type: ParameterType, value: unknown): string {
    this.params[name] = value;
    this.types[name] = type;
    return `@${name}`;
  }

  addInstant(name: string, instant: Instant): string {
    return this.add(name, 'TIMESTAMP', timestampParameter(instant));
  }
}

/** The client reads a timestamp off the `value` of an object; from its own Date-like class digits could be lost. */
export function timestampParameter(instant: Instant): { readonly value: string } {
  return { value: formatInstant(instant) };
}
