/**
 * SQL of the double that is nearest to a decimal, and of whether it has the digits of the decimal: of a whole number all
 * of them, and of another one those that are written.
 */
export function nearestDouble(value: string, type: string): { readonly double: string; readonly hasDigits: string } {
  const double = nearestSql(value, type);
  const sameText = `TRY_CAST(${writtenSql(double, type)} AS ${type}) = ${value}`;
  // 1e23 is the text of a double that is another whole number.
  const sameWhole = `TRY_CAST(${double} AS HUGEINT) = TRY_CAST(${value} AS HUGEINT)`;
  return { double, hasDigits: `${sameText} AND (${value} <> trunc(${value}) OR ${sameWhole})` };
}

/** DuckDB does not read 1.5e-38 as a decimal without a digit before the point. It reads 0.15e-37. */
function writtenSql(double: string, type: string): string {
  const text = `CAST(${double} AS VARCHAR)`;
  const [, precision, scale] = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(type) ?? [];
  if (precision === undefined || precision !== scale) return text;
  const exponent = `CAST(regexp_extract(${text}, 'e(-[0-9]+)$', 1) AS INTEGER)`;
  const digits = `regexp_replace(regexp_replace(${text}, 'e.*', ''), '[-.]', '', 'g')`;
  const sign = `CASE WHEN starts_with(${text}, '-') THEN '-' ELSE '' END`;
  return `CASE WHEN contains(${text}, 'e-') THEN concat(${sign}, '0.', ${digits}, 'e', ${exponent} + 1) ELSE ${text} END`;
}

/**
 * DuckDB casts by a division. It rounds a second time if the digits or the power of ten are no double: 1e-30 would become
 * 9.999999999999999e-31.
 */
function nearestSql(value: string, type: string): string {
  const [, precision] = /^DECIMAL\((\d+),/.exec(type) ?? [];
  return `CAST(${Number(precision) <= 15 ? value : `CAST(${value} AS VARCHAR)`} AS DOUBLE)`;
}
