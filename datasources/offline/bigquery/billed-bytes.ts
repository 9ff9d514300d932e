/** The least that BigQuery bills a query for each table that it reads. https://cloud.google.com/bigquery/pricing */
const MINIMUM_PER_TABLE = 10_485_760n;

/**
 * The maximum bytes that BigQuery bills for a query. A dry run gives the sum of all tables: in the worst case, one table
 * has all the bytes, and each of the others is billed the minimum.
 */
export function billedBytes(bytes: bigint, tables: number): bigint {
  const ofOne = bytes > MINIMUM_PER_TABLE ? bytes : MINIMUM_PER_TABLE;
  return ofOne + MINIMUM_PER_TABLE * BigInt(tables - 1);
}

/** The least that BigQuery bills for a query of so many tables. */
export function minimumBilledBytes(tables: number): bigint {
  return MINIMUM_PER_TABLE * BigInt(tables);
}
