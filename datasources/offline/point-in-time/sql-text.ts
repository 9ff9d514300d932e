/** A compiled query. Values are only ever parameters; identifiers come from the validated registry and are quoted. */
export interface CompiledSql<Parameter> {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

/** Gathers parameters while SQL is written: `add` gives the placeholder that stands for the value. */
export class Parameters<Parameter> {
  readonly values: Parameter[] = [];

  add(value: Parameter): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** Joins the parts that are there with a separator. */
export function joinSql(parts: readonly (string | false | undefined)[], separator: string): string {
  return parts.filter((part) => part !== false && part !== undefined && part !== '').join(separator);
}
