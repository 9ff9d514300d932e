import type { RawValue, ValueType } from '../../values/value-type.js';

/** The values that break stores: the ends of ranges, emptiness, what JSON cannot write, and text of all kinds. */
export const VALUES_OF_EVERY_TYPE = {
  bool: [true, false],
  bool_array: [[true, false, true], []],
  double: [0, 1.5, -1.5e-300, 1.7976931348623157e308, NaN, Infinity, -Infinity],
  double_array: [[1, NaN, Infinity, 0.1], [5e-324], []],
  int64: [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 9007199254740993n],
  int64_array: [[2n ** 63n - 1n, -(2n ** 63n), 0n], []],
  string: ['', 'a', 'eight ch', 'Zürich ✈ 東京 👩🏽‍🚀', 'nul\u0000inside', 'quote \' " \\ ; --', 'x'.repeat(100_000)],
  string_array: [['', 'a', '✈', 'a,b'], []],
  bytes: [new Uint8Array([]), new Uint8Array([0, 255, 1]), new Uint8Array(8), new Uint8Array(1000).fill(7)],
  struct: [{}, { a: 1, b: 'x', c: null, d: [1, 'two', { deep: true }], 'ü✈': '9007199254740993' }],
  timestamp: [0n, 1n, -1n, 1_000_000_000_000_001n, -62_135_596_800_000_000n, 253_402_300_799_999_999n],
} as const satisfies Record<Lowercase<ValueType>, readonly RawValue[]>;

/** A feature of each value type, named like it. */
export const EVERY_VALUE_TYPE = Object.keys(VALUES_OF_EVERY_TYPE).map((name) => ({
  name,
  valueType: name.toUpperCase() as ValueType,
}));
