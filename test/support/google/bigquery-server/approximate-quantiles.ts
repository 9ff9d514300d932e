/**
 * GoogleSQL's evaluator does not run APPROX_QUANTILES. Each call is replaced by one way to do what its page documents, an
 * exact one: an array of number + 1 values, from the minimum to the maximum, without nulls; null without a value.
 */
const CALL = /APPROX_QUANTILES\((IF\([^()]*\)), (\d+)\)/g;

export function rewriteApproximateQuantiles(sql: string): string {
  return sql.replaceAll(CALL, (_, value: string, number: string) => {
    const sorted = `ARRAY_AGG(${value} IGNORE NULLS ORDER BY ${value})`;
    const places = Array.from({ length: Number(number) + 1 }, (_, index) => {
      const place = `GREATEST(DIV(COUNT(${value}) * ${index} + ${Number(number) - 1}, ${number}), 1) - 1`;
      return `${sorted}[OFFSET(${place})]`;
    });
    return `IF(COUNT(${value}) = 0, NULL, [${places.join(', ')}])`;
  });
}
