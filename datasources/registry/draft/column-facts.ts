/** How the values of a column may say a time. */
export type TimeForm =
  /** Each value is a moment. */
  | 'MOMENT'
  /** Text in Parquet: each value is a moment with a zone. */
  | 'TEXT_MOMENT'
  /** Text that says a time of day, but at least one value has no zone. */
  | 'NAIVE'
  /** At least one value is a date alone, and the others are moments. */
  | 'DATE'
  /** Whole numbers under the name of a time: their unit is not known. */
  | 'NUMBER'
  /** Other text under the name of a time: its form is not known. */
  | 'TEXT'
  | null;

/** What is known of a column after every value was read. */
export interface ColumnFacts {
  /** As the file has it. */
  readonly name: string;
  /** The type in the engine's notation. NULL: the column has no value. */
  readonly type: string;
  readonly hasValues: boolean;
  readonly timeForm: TimeForm;
  /** Of numbers: whether each value is an INT64, and whether each is a DOUBLE. */
  readonly fitsInt64: boolean;
  readonly fitsDouble: boolean;
  /** Of lists: whether each list is empty, and whether a list has a null in it. */
  readonly isAlwaysEmpty: boolean;
  readonly hasNullsInside: boolean;
  /** Of JSON: whether each value is an object, and whether a value is a text. */
  readonly hasOnlyObjects: boolean;
  readonly hasTexts: boolean;
}

/** `count` gives the counts of read-table.ts; undefined where the type has no such count. */
export function columnFacts(name: string, type: string, count: (what: string) => number | undefined): ColumnFacts {
  const values = type === 'NULL' ? 0 : (count('values') ?? 0);
  return {
    name,
    type,
    hasValues: values > 0,
    timeForm: findTimeForm(name, type, values, count),
    fitsInt64: count('int64') === values,
    fitsDouble: count('double') === values,
    isAlwaysEmpty: count('longest') === 0 && values > 0,
    hasNullsInside: (count('holed') ?? 0) > 0,
    hasOnlyObjects: count('objects') === values,
    hasTexts: (count('texts') ?? 0) > 0,
  };
}

/** Names of times, after CamelCase became snake_case. */
const TIME_NAME = /(^|_)(timestamp|datetime|date|time|ts|epoch)$|_(at|on)$/;
const EPOCH_NAME = /(^|_)(timestamp|datetime|ts|epoch)$|_at$|^(event_)?time$/;

function findTimeForm(
  name: string,
  type: string,
  values: number,
  count: (what: string) => number | undefined,
): TimeForm {
  const snake = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  if (/^TIMESTAMP( WITH TIME ZONE|_S|_MS|_NS)?$/.test(type)) return 'MOMENT';
  if (type === 'DATE') return 'DATE';
  if (/^U?(INTEGER|BIGINT)$/.test(type)) return EPOCH_NAME.test(snake) ? 'NUMBER' : null;
  if (type !== 'VARCHAR' || values === 0) return null;
  const [moments = 0, naive = 0, dates = 0] = [count('moments'), count('naive'), count('dates')];
  if (moments === values) return naive > 0 ? 'NAIVE' : 'TEXT_MOMENT';
  if (dates > 0 && moments + dates === values) return 'DATE';
  return TIME_NAME.test(snake) ? 'TEXT' : null;
}
