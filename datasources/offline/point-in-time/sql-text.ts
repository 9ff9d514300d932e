/** A compiled query. Every value is a parameter; identifiers come from the validated registry and are quoted. */
export interface CompiledSql<Parameter> {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

/** Collects parameters while SQL is written: `add` returns the placeholder for the value. */
export class Parameters<Parameter> {
  readonly values: Parameter[] = [];

  add(value: Parameter): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** Joins the present parts with a separator. */
export function joinSql(parts: readonly (string | false | undefined)[], separator: string): string {
  return parts.filter((part) => part !== false && part !== undefined && part !== '').join(separator);
}
