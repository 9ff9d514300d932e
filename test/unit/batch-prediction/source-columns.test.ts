import { expect, it } from 'vitest';
import { readTypedColumns } from '../../../batch-prediction/local/source-columns.js';

it.each(['STRING', 'DOUBLE', 'BOOL', 'TIMESTAMP', 'STRING_ARRAY'] as const)(
  'an input of type %s can be a column of which the file says that it has only nulls, and no other column of whole numbers',
  (valueType) => {
    const inputs = [{ name: 'a', valueType, unit: null, description: null }];
    const ofNulls = readTypedColumns([{ name: 'a', type: 'INTEGER', isOfNulls: true }], inputs, {});
    expect(ofNulls.mismatches).toEqual([]);
    expect(ofNulls.columns[0]!.value).toMatch(/^CAST\(NULL AS /);
    const ofNumbers = readTypedColumns([{ name: 'a', type: 'INTEGER' }], inputs, {});
    expect(ofNumbers.columns[0]?.value ?? '').not.toMatch(/^CAST\(NULL AS /);
  },
);
