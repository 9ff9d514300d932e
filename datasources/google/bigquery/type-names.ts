/** BigQuery's REST API returns the older name of a type, whichever name created the table. */
const LEGACY_NAMES: Readonly<Record<string, string>> = {
  BOOLEAN: 'BOOL',
  INTEGER: 'INT64',
  FLOAT: 'FLOAT64',
  RECORD: 'STRUCT',
};

/** The SQL name of a type. */
export function typeName(name: string): string {
  return LEGACY_NAMES[name] ?? name;
}
