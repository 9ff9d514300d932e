/**
 * ML.ENTITY_FEATURES_AT_TIME is BigQuery's own; the evaluator does not know it. Each call is replaced by SQL that does
 * what its page documents, with all that makes it different from a plain join:
 *
 *  - a row of the output has the requested time as its feature_timestamp, not the time at which it was observed;
 *  - an entity and time without a row in the past is not in the output;
 *  - which of two rows of one entity and time it takes is not said (here: the one whose JSON is the greater);
 *  - with IGNORE_FEATURE_NULLS each null is filled by the column's own newest value.
 */
const CALL = 'ML.ENTITY_FEATURES_AT_TIME(';

export async function rewriteEntityFeaturesAtTime(
  sql: string,
  columnsOf: (query: string) => Promise<string[]>,
): Promise<string> {
  let rewritten = sql;
  for (let start = rewritten.indexOf(CALL); start >= 0; start = rewritten.indexOf(CALL)) {
    const end = closing(rewritten, start + CALL.length - 1);
    const [features = '', entities = '', ...options] = splitArguments(rewritten.slice(start + CALL.length, end));
    const withClause = rewritten.slice(0, start);
    // The second argument may read what the query defines before it; only the first one's columns must be known.
    const columns = (await columnsOf(inner(features))).filter(
      (name) => name !== 'entity_id' && name !== 'feature_timestamp',
    );
    const flags = options.map((option) => option.replaceAll(/\s/g, '').toUpperCase());
    const ignoresNulls = flags.includes('IGNORE_FEATURE_NULLS=>TRUE');
    if (!flags.includes('NUM_ROWS=>1')) throw new Error('this server knows NUM_ROWS => 1 only');
    const values = columns.map(
      (name) =>
        `ARRAY_AGG(${ignoresNulls ? `IF(f.${name} IS NULL, NULL, STRUCT(f.${name} AS v)) IGNORE NULLS` : `STRUCT(f.${name} AS v)`}
          ORDER BY f.feature_timestamp DESC, TO_JSON_STRING(f) DESC LIMIT 1)[SAFE_OFFSET(0)].v AS ${name}`,
    );
    const replacement = `(SELECT e.entity_id, e.time AS feature_timestamp, ${values.join(', ')}
      FROM ${entities} AS e JOIN ${features} AS f ON f.entity_id = e.entity_id AND f.feature_timestamp <= e.time
      GROUP BY e.entity_id, e.time)`;
    rewritten = withClause + replacement + rewritten.slice(end + 1);
  }
  return rewritten;
}

/** The place of the bracket that closes the one at `open`. */
function closing(sql: string, open: number): number {
  let depth = 0;
  for (let index = open; index < sql.length; index += 1) {
    if (sql[index] === '(') depth += 1;
    if (sql[index] === ')' && (depth -= 1) === 0) return index;
  }
  throw new Error('a bracket is not closed');
}

function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let index = 0; index <= text.length; index += 1) {
    if (index === text.length || (text[index] === ',' && depth === 0)) {
      parts.push(text.slice(from, index).trim());
      from = index + 1;
    } else if ('([{'.includes(text[index]!)) depth += 1;
    else if (')]}'.includes(text[index]!)) depth -= 1;
  }
  return parts;
}

function inner(query: string): string {
  return query.replace(/^\(/, '').replace(/\)$/, '');
}
