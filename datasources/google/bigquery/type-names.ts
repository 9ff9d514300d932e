/** BigQuery's REST answers with the older name of a type, whichever was said when the table was made. */
const LEGACY_NAMES: Readonly<Record<string, string>> = {
  BOOLEAN: 'BOOL',
  INTEGER: 'INT64',
  FLOAT: 'FLOAT64',
  RECORD: 'STRUCT',
};

/** The name of a type as SQL says it. */
export function typeName(name: string): string {
  return LEGACY_NAMES[name] ?? name;
}
