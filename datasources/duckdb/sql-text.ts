/** An identifier of DuckDB. Registry names have no quotes in them; escaping all the same keeps a future naming rule from becoming an injection. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text constant of DuckDB, where a parameter cannot stand: a view, the name of a file. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
