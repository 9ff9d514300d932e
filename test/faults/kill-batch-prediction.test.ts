import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { waitForEnd, openLab, writeInput } from '../support/batch-prediction-lab.js';
import { buildProcess } from '../support/build-process.js';
import { openTestLab } from '../support/test-lab.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const INSTANCES = 100_000;
const KILLS = 20;

/** The seed of the times of killing: FEATUREGRAPH_TEST_SEED repeats a run that failed. */
const seed = Number(process.env.FEATUREGRAPH_TEST_SEED ?? randomInt(2 ** 31));

describe(`a batch prediction whose process is killed ${KILLS} times (seed ${seed})`, () => {
  let script: string;
  beforeAll(async () => {
    const built = await buildProcess(join(import.meta.dirname, 'batch-prediction-process.ts'));
    script = built.script;
    return built.remove;
  });

  it.each(['PARQUET', 'JSONL', 'TABLE'] as const)(
    'has in the end one outcome for each instance (%s)',
    async (format) => {
      const folder = temporaryFolder();
      const before = await openLab({ folder });
      await writeInput(
        before,
        'in.parquet',
        `SELECT i AS a, i / 4.0::DOUBLE AS b FROM range(${INSTANCES}) AS numbers(i)`,
      );
      await before.stop();
      const delays = fc.sample(fc.integer({ min: 0, max: 1500 }), { seed, numRuns: KILLS });
      const endings: (NodeJS.Signals | null)[] = [];
      for (const delay of delays) endings.push(await killAfter(start(script, folder, format), delay));
      expect(endings.filter((signal) => signal === 'SIGKILL').length).toBeGreaterThan(KILLS / 2);

      const last = start(script, folder, format);
      await once(last, 'exit');
      expect(last.exitCode).toBe(0);
      const after = await openTestLab({ folder });
      const jobs = await after.store.list({ filter: {}, before: null, limit: 10 });
      expect(jobs).toHaveLength(1);
      const job = await waitForEnd(after, jobs[0]!.id);
      const failed = Math.floor((INSTANCES - 1 - 5) / 997) + 1;
      expect(job).toMatchObject({
        state: 'PARTIALLY_SUCCEEDED',
        progress: { completed: BigInt(INSTANCES - failed), failed: BigInt(failed), total: BigInt(INSTANCES) },
      });
      const suffix = format === 'JSONL' ? 'jsonl' : 'parquet';
      const folderOfOutput = join(after.files.folder, format === 'TABLE' ? `batch-predictions/${job.id}` : 'out');
      const read = `${format === 'JSONL' ? 'read_json' : 'read_parquet'}('${folderOfOutput}`;
      const predictions = format === 'TABLE' ? 'predictions.out' : `${read}/predictions-*.${suffix}')`;
      const [row] = await after.offline.use(async (connection) => {
        const result = await connection.runAndReadAll(`
        SELECT count(*), count(DISTINCT instance_number), min(instance_number), max(instance_number),
          bool_and(instance_number = CAST(a AS BIGINT)), bool_and(y IS NULL OR y = 2.75 * CAST(a AS BIGINT))
        FROM (SELECT instance_number, instance.a AS a, prediction.y AS y FROM ${predictions}
          UNION ALL SELECT instance_number, json_extract_string(CAST(instance AS JSON), 'a'), NULL FROM ${read}/errors-*.${suffix}'))`);
        return result.getRows();
      });
      expect(row).toEqual([BigInt(INSTANCES), BigInt(INSTANCES), 0n, BigInt(INSTANCES - 1), true, true]);
    },
  );
}, 240_000);

function start(script: string, folder: string, format: string): ChildProcess {
  return fork(script, [folder, format], { execArgv: ['--enable-source-maps'] });
}

async function killAfter(child: ChildProcess, delay: number): Promise<NodeJS.Signals | null> {
  const exit = once(child, 'exit');
  // From when its job is known, or it ended: killing a process that has only just been loaded shows nothing.
  await Promise.race([once(child, 'message'), exit]);
  await sleep(delay);
  child.kill('SIGKILL');
  await exit;
  return child.signalCode;
}
