/**
 * SQL of the double that is nearest to a decimal, and of whether it has the digits of the decimal: of a whole number all
 * of them, and of another one those that are written.
 */
export function nearestDouble(value: string, type: string): { readonly double: string; readonly hasDigits: string } {
  const double = nearestSql(value, type);
  const sameText = `TRY_CAST(CAST(${double} AS VARCHAR) AS ${type}) = ${value}`;
  // 1e23 is the text of a double that is another whole number.
  const sameWhole = `TRY_CAST(${double} AS HUGEINT) = TRY_CAST(${value} AS HUGEINT)`;
  return { double, hasDigits: `${sameText} AND (${value} <> trunc(${value}) OR ${sameWhole})` };
}

/**
 * DuckDB casts by a division. It rounds a second time if the digits or the power of ten are no double: 1e-30 would become
 * 9.999999999999999e-31.
 */
function nearestSql(value: string, type: string): string {
  const [, precision] = /^DECIMAL\((\d+),/.exec(type) ?? [];
  return `CAST(${Number(precision) <= 15 ? value : `CAST(${value} AS VARCHAR)`} AS DOUBLE)`;
}
