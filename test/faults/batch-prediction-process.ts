import { systemClock } from '../../values/clock.js';
import { openLab, request } from '../support/batch-prediction-lab.js';

/**
 * A process that does batch predictions until it is killed: `FOLDER FORMAT`. It takes up what there is, or starts the one
 * job of its idempotency key, and ends by itself when the job has ended.
 */
const [folder = '', format = 'PARQUET'] = process.argv.slice(2);
const START = 1_700_000_000_000_000n;
/** Ten times as fast, and alike in all processes, so that parts end between two kills. */
const clock = (): bigint => START + (systemClock() - START) * 10n;
const lab = await openLab({ folder, clock, faults: { refuses: (a) => a % 997n === 5n, delayMs: 35 } });
await lab.engine.resume();
const { id } = await lab.batch.start(
  request(
    { kind: 'FILES', files: ['in.parquet'], format: 'PARQUET' },
    {
      output: { format: format as 'PARQUET' | 'JSONL' | 'TABLE', location: 'out' },
      batchSize: 100,
      replicas: 2,
      idempotencyKey: 'the one job',
    },
  ),
);
process.send?.({ id });
for await (const { progress } of (await lab.engine.follow(id))!) process.send?.({ done: Number(progress.completed) });
await lab.stop();
process.disconnect();
