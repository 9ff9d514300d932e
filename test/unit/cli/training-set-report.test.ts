import { expect, it } from 'vitest';
import { reportText } from '../../../cli/training-set-report.js';

const VALIDATION = {
  leakedRows: '0',
  verifiedRows: '1488',
  mode: 'SAMPLE',
  seed: 7,
  unmatchedRows: '2',
  invalidLabels: '0',
  expiredValues: '0',
  valuesAtLabelTime: '3',
  valuesWrittenAfterLabel: null,
  unverifiableValues: '0',
  labelCopies: [{ column: 'last_delay', labelColumn: 'delay' }],
  unexpectedValues: [
    { column: 'age', description: 'at most 150', rows: '7', examples: ['1', '2', '3', '4', '5', '6'] },
  ],
  offendingRows: Array.from({ length: 9 }, (_, row) => ({
    row: String(row),
    kind: 'UNMATCHED',
    reason: 'nothing known',
  })),
};
const OUTPUT = { format: 'PARQUET', location: 'training-sets/1.parquet', rows: '3000' };

it('says where a training set is, what was compared, and what was found', () => {
  const text = reportText({ output: OUTPUT, provenance: { checksum: 'sha256:ab' }, validation: VALIDATION });
  expect(text).toBe(`Output: training-sets/1.parquet (PARQUET, 3000 rows)
Checksum: sha256:ab
Leaked rows: 0
Rows compared with the history: 1488, chosen by seed 7
Found: 2 labels without any feature
Found: 3 values at exactly the time of their label
Warning: feature "last_delay" equals label column "delay"
Warning: 7 rows are not as expected in "age": at most 150; labels 1, 2, 3, 4, 5
  label 0: UNMATCHED, nothing known
  label 1: UNMATCHED, nothing known
  label 2: UNMATCHED, nothing known
  label 3: UNMATCHED, nothing known
  label 4: UNMATCHED, nothing known
`);
});

it('says that a training set with leaked rows must not be used', () => {
  const validation = { ...VALIDATION, leakedRows: '1', mode: null, labelCopies: null, offendingRows: [] };
  expect(reportText({ output: OUTPUT, provenance: null, validation })).toContain(
    'Leaked rows: 1. Do not use this training set.',
  );
});
