import { toElementType, type ValueType } from '../../values/value-type.js';

export interface SourceColumn {
  readonly name: string;
  /** As DuckDB describes it: `BIGINT`, `DECIMAL(18,3)`, `DOUBLE[]`. */
  readonly type: string;
}

const INTEGERS = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;

/** Which column types can become a value type without losing anything in silence. An integer too large fails the cast. */
const CONVERTIBLE: Readonly<Partial<Record<ValueType, (type: string) => boolean>>> = {
  BOOL: (type) => type === 'BOOLEAN',
  INT64: (type) => INTEGERS.test(type),
  DOUBLE: (type) => INTEGERS.test(type) || /^(FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(type),
  STRING: (type) => /^(VARCHAR|UUID|ENUM\(.*\))$/.test(type),
  BYTES: (type) => type === 'BLOB',
  STRUCT: (type) => /^(STRUCT\(.*\)|MAP\(.*\)|JSON)$/s.test(type),
  // TIMESTAMP_NS is not here: its last digits would be rounded away.
  TIMESTAMP: (type) => /^(TIMESTAMP(_S|_MS| WITH TIME ZONE)?|DATE)$/.test(type),
};

/** Whether a DuckDB type can become a value type without losing anything in silence. */
export function isConvertible(type: string, valueType: ValueType): boolean {
  const elementType = toElementType(valueType);
  const element = /^(.*)\[\d*\]$/s.exec(type)?.[1];
  if (elementType) return element !== undefined && isConvertible(element, elementType);
  return CONVERTIBLE[valueType]?.(type) ?? false;
}
