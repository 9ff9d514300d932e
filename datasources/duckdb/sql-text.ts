/**
 * An identifier of DuckDB. Registry names contain no quotes; escaping prevents an injection if the naming rule ever
 * changes.
 */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text constant of DuckDB, where a parameter is not allowed: in a view, or as the name of a file. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
