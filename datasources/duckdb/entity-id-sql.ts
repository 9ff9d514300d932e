/**
 * encodeEntityId (values/entity-id.ts) in SQL, over columns of any type whose values have one text each. A null part
 * makes the whole id null, which identifies no entity.
 */
export function entityIdSql(columns: readonly string[]): string {
  const texts = columns.map((column) => `CAST(${column} AS VARCHAR)`);
  if (texts.length === 1) return texts[0]!;
  return texts.map((text) => `replace(replace(${text}, '%', '%25'), ',', '%2C')`).join(` || ',' || `);
}
