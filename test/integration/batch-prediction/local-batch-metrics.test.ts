import { describe, expect, it } from 'vitest';
import { waitForEnd, request, writeInput } from '../../support/batch-prediction-lab.js';
import { openTestLab } from '../../support/test-lab.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { INSTANCES_SQL, files } from '../../support/linear-model-instances.js';

describe('metrics of a batch prediction', () => {
  it.each(['PARQUET', 'JSONL'] as const)('are those of an independent computation (%s)', async (format) => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { refuses: (a) => a % 10n === 9n } });
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
    const started = await lab.batch.start(request(files('in.parquet'), { output: { format, location: null } }));
    const job = await waitForEnd(lab, started.id);
    const a = Array.from({ length: 1000 }, (_, index) => index).filter((index) => index % 10 !== 9);
    const y = a.map((value) => 2 * value + (3 * value) / 4).sort((one, other) => one - other);
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const mean = sum(y) / y.length;
    const variance = sum(y.map((value) => (value - mean) ** 2)) / (y.length - 1);
    const kinds = ['AVG', 'MIN', 'MAX', 'SUM', 'VARIANCE', 'STDDEV', 'COUNT', 'P50'] as const;
    const asked = [
      ...kinds.map((metric) => ({ metric, field: 'y', over: null })),
      // The first z is 0: a ratio over nothing is left out.
      { metric: 'AVG' as const, field: 'y', over: 'z' },
      { metric: 'COUNT' as const, field: 'y', over: 'z' },
    ];
    const found = await lab.batch.metrics(job, asked);
    const ofY = [mean, y[0]!, y.at(-1)!, sum(y), variance, Math.sqrt(variance), y.length, (y[449]! + y[450]!) / 2];
    [...ofY, 2.75, 899].forEach((value, index) => expect(found[index]).toBeCloseTo(value, 6));
    await expect(lab.batch.metrics(job, [{ metric: 'AVG', field: 'nope"; DROP', over: null }])).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'of[0].field' },
    });
    await expect(lab.batch.metrics(job, [{ metric: 'AVG', field: 'y', over: 'z.k' }])).rejects.toMatchObject({
      details: { field: 'of[0].over' },
    });
  });
});
