/** The formats in which tables are written. */
export type WrittenFormat = 'PARQUET' | 'CSV' | 'JSONL' | 'TABLE' | 'BIGQUERY';

interface Loss {
  /** Finds the type, also within a list, a struct or a map. */
  readonly type: RegExp;
  readonly reason: string;
  readonly advice: string;
}

/** In STRUCT(blob BLOB), a blank follows the name of a field, but not a type. */
function typeCalled(name: string): RegExp {
  return new RegExp(`(?:^|[ (])${name}(?=[,)[]|$)`);
}

function noUnions(format: string): Loss {
  return { type: /\bUNION\(/, reason: `${format} has no unions`, advice: 'Cast it to one of its types' };
}

/** The types whose values each format would change, or write in a notation that only DuckDB reads. */
const LOSSES: Readonly<Record<WrittenFormat, readonly Loss[]>> = {
  PARQUET: [
    {
      type: typeCalled('U?HUGEINT'),
      reason: 'Parquet has no integers of 128 bits, and DuckDB would write a rounded DOUBLE',
      advice: 'Cast it to VARCHAR',
    },
    {
      type: typeCalled('TIME WITH TIME ZONE'),
      reason: 'Parquet would lose the offset',
      advice: 'Cast it to VARCHAR',
    },
    {
      type: typeCalled('INTERVAL'),
      reason: 'Parquet cuts intervals to milliseconds',
      advice: 'Cast it to VARCHAR',
    },
    noUnions('Parquet'),
  ],
  CSV: [
    {
      type: typeCalled('BLOB'),
      reason: 'CSV is text and has no notation for bytes',
      advice: 'Encode it as text (base64 or hex)',
    },
    noUnions('CSV'),
  ],
  JSONL: [noUnions('JSON')],
  TABLE: [],
  BIGQUERY: [
    {
      type: typeCalled('U?HUGEINT'),
      reason: 'its integers have 64 bits, and its decimals 38 digits',
      advice: 'Cast it to DECIMAL(38,0) or VARCHAR',
    },
    {
      type: typeCalled('UBIGINT'),
      reason: 'its integers are signed',
      advice: 'Cast it to DECIMAL(20,0)',
    },
    {
      type: typeCalled('TIMESTAMP(?:_S|_MS|_NS)?'),
      reason: 'it makes a moment in UTC of a time without a zone',
      advice: 'Cast it to TIMESTAMPTZ or VARCHAR',
    },
    {
      // The conversion is published, and times loaded by other programs came out as others: python-bigquery issue 382.
      type: typeCalled('TIME'),
      reason: 'it was seen to change times of day in Parquet files',
      advice: 'Cast it to VARCHAR',
    },
    {
      type: typeCalled('TIME WITH TIME ZONE'),
      reason: 'its times of day have no offset',
      advice: 'Cast it to VARCHAR',
    },
    {
      type: typeCalled('INTERVAL'),
      reason: 'it reads no intervals from files',
      advice: 'Cast it to VARCHAR',
    },
    {
      type: /MAP\(/,
      reason: 'it has no maps',
      advice: 'Cast it to JSON',
    },
    {
      // By itself, such a column is written as text.
      type: /[(, ](?:UUID|JSON)(?=[,)[]|$)|^(?:UUID|JSON)\[/,
      reason: 'it reads no UUID and no JSON within another value',
      advice: 'Cast it to JSON, which is written as text',
    },
    noUnions('BigQuery'),
  ],
};

/** Whether values of a type come out of a format as they went in. */
export function isWritable(type: string, format: WrittenFormat): boolean {
  return findLoss(type, format) === undefined;
}

/**
 * Why a column cannot be written, and what to do, in a sentence for clients; undefined for one that can. `others` are
 * the other formats that the client could choose.
 */
export function describeLoss(
  { name, type }: { readonly name: string; readonly type: string },
  format: WrittenFormat,
  others: readonly WrittenFormat[],
): string | undefined {
  const loss = findLoss(type, format);
  if (!loss) return undefined;
  const able = others.filter((other) => isWritable(type, other));
  const choice = able.length === 0 ? '' : `, or choose ${able.join(' or ')}`;
  return `Column "${name}" is ${type}, which ${format} cannot carry: ${loss.reason}. ${loss.advice}${choice}.`;
}

function findLoss(type: string, format: WrittenFormat): Loss | undefined {
  return LOSSES[format].find((loss) => loss.type.test(withoutNames(type)));
}

/** Removes quoted names of fields and the values of enums, which may be called like a type. */
function withoutNames(type: string): string {
  return type.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, '');
}
