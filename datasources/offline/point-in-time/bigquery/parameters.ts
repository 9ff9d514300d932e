import { formatInstant, type Instant } from '../../../../values/instant.js';

/** A type in the form that BigQuery's client expects: a name, a list of one type, or the fields of a struct. */
export type ParameterType = string | readonly [ParameterType] | { readonly [field: string]: ParameterType };

/** A compiled query for BigQuery. Every value is a parameter with its type. */
export interface BigQuerySql {
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly types: Readonly<Record<string, ParameterType>>;
}

/**
 * Collects named parameters while SQL is written. Every parameter has a type: without one, the client rejects an empty
 * list and takes a whole number for an INT64 where the query needs a FLOAT64.
 */
export class BigQueryParameters {
  readonly params: Record<string, unknown> = {};
  readonly types: Record<string, ParameterType> = {};

  /** Returns the placeholder for the value. The same name twice is the same parameter. */
  add(name: string, type: ParameterType, value: unknown): string {
    this.params[name] = value;
    this.types[name] = type;
    return `@${name}`;
  }

  addInstant(name: string, instant: Instant): string {
    return this.add(name, 'TIMESTAMP', timestampParameter(instant));
  }
}

/** The client reads a timestamp from the `value` of an object; its own Date-like class could lose digits. */
export function timestampParameter(instant: Instant): { readonly value: string } {
  return { value: formatInstant(instant) };
}
