import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { ask } from '../support/ask.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const KILLS = Number(process.env.FEATUREGRAPH_TEST_KILLS ?? 10);
/** The seed of the times of killing: FEATUREGRAPH_TEST_SEED repeats a run that failed. */
const seed = Number(process.env.FEATUREGRAPH_TEST_SEED ?? randomInt(2 ** 31));

/** Enough for a computation and a fill of some hundred milliseconds, and few enough to extend a fill in one transaction. */
const ENTITIES = 15_000;
const SAMPLE = Array.from({ length: 200 }, (_, index) => `c${index * (ENTITIES / 200)}`);

/** Computed totals, and notes that clients write. */
const REGISTRY = (incremental: string) => `
featurestores:
  - name: shop
    tables: { orders: { file: orders, columns: { entity_id: VARCHAR, moment: TIMESTAMPTZ, total: BIGINT } } }
    entityTypes:
      - name: customer
        sources:
          - name: orders
            sql: orders.sql
            timestampColumn: moment
            ${incremental}
            features: [{ name: total, valueType: INT64 }, { name: twice, valueType: INT64 }]
          - name: notes
            features: [{ name: note, valueType: INT64 }]
`;

/** A file of a generation: one row for each entity. */
function writeOrders(folder: string, file: string, generation: number): void {
  mkdirSync(join(folder, 'orders'), { recursive: true });
  const moment = new Date(Date.parse('2026-01-01T00:00:00Z') + generation * 1000).toISOString();
  const rows = Array.from({ length: ENTITIES }, (_, index) => `c${index},${moment},${generation}`);
  writeFileSync(join(folder, 'orders', file), ['entity_id,moment,total', ...rows, ''].join('\n'));
}

const END_STATES = /^(SUCCEEDED|FAILED|CANCELLED)$/;

it.each<[string, string, (generation: number) => string]>([
  ['that computes everything', '', () => 'orders.csv'],
  ['that computes new files', 'incremental: { table: orders }', (generation) => `day-${generation}.csv`],
  [
    'that adds rows after a watermark',
    'incremental: { table: orders, watermarkColumn: moment }',
    (generation) => `day-${generation}.csv`,
  ],
])(
  `a gateway that is killed ${KILLS} times during a refresh %s (seed ${seed}) has one whole generation, and loses no write and no deletion`,
  async (_what, incremental, fileOf) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'registry.yaml'), REGISTRY(incremental));
    writeFileSync(join(folder, 'orders.sql'), 'SELECT entity_id, moment, total, 2 * total AS twice FROM orders');
    const serve = (): Promise<GatewayProcess> =>
      startGatewayProcess({
        FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
        FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
      });

    const readTotals = async (asOf: string | null): Promise<string[]> => {
      const { entities } = await ask(
        gateway.url,
        `query ($ids: [ID!]!, $asOf: DateTime) { entities(featurestore: "shop", entityType: "customer", entityIds: $ids, asOf: $asOf) {
           features(names: ["total", "twice"]) { value } } }`,
        { ids: SAMPLE, asOf },
      );
      return entities.map(({ features }: any) => features.map(({ value }: any) => String(value)).join('/'));
    };
    /** The generation of every entity of the sample; fails where two entities differ, or one is half. */
    const readGeneration = async (asOf: string | null = null): Promise<number> => {
      const distinct = [...new Set(await readTotals(asOf))];
      expect(distinct).toHaveLength(1);
      const [total, twice] = distinct[0]!.split('/').map(Number);
      expect(twice).toBe(2 * total!);
      return total!;
    };
    const readNote = async (id: string): Promise<unknown> => {
      const { entity } = await ask(
        gateway.url,
        `query ($id: ID!) { entity(featurestore: "shop", entityType: "customer", entityId: $id) { features(names: ["note"]) { value } } }`,
        { id },
      );
      return entity.features[0].value;
    };
    const refresh = async (): Promise<string> => {
      const { refreshSource } = await ask(
        gateway.url,
        'mutation { refreshSource(input: { featurestore: "shop", entityType: "customer" }) { job { id } } }',
      );
      return refreshSource.job.id;
    };
    const ended = async (id: string): Promise<{ state: string; error: unknown }> => {
      for (;;) {
        const { job } = await ask(gateway.url, 'query ($id: ID!) { job(id: $id) { state error { code } } }', { id });
        if (END_STATES.test(job.state)) return job;
        await sleep(20);
      }
    };

    let generation = 1;
    writeOrders(folder, fileOf(generation), generation);
    let gateway = await serve();
    onTestFinished(() => void gateway.child.kill('SIGKILL'));
    expect(await readGeneration()).toBe(1);

    let old = 0;
    let deleted: string[] = [];
    for (const delay of fc.sample(fc.integer({ min: 0, max: 1500 }), { seed, numRuns: KILLS })) {
      generation += 1;
      writeOrders(folder, fileOf(generation), generation);
      const id = await refresh();
      const killing = sleep(delay).then(() => gateway.kill());
      // Acknowledged during the refresh, so they must be there after the kill.
      let note: number | null = null;
      const gone = `n${generation}`;
      let isGone = false;
      try {
        for (let value = 0; ; value += 1) {
          const rows = ['noted', ...(value === 0 ? [gone] : [])].map((entityId) => ({
            entityType: 'customer',
            entityId,
            timestamp: new Date(Date.parse('2026-02-01T00:00:00Z') + generation * 1000 + value).toISOString(),
            values: [{ feature: 'note', value: String(generation * 1000 + value) }],
          }));
          const { writeFeatureValues } = await ask(
            gateway.url,
            'mutation ($input: WriteFeatureValuesInput!) { writeFeatureValues(input: $input) { written userErrors { message } } }',
            { input: { featurestore: 'shop', rows } },
          );
          expect(writeFeatureValues).toMatchObject({ written: rows.length, userErrors: [] });
          note = generation * 1000 + value;
          if (value !== 0) continue;
          await ask(
            gateway.url,
            'mutation ($ids: [ID!]!) { deleteEntities(input: { featurestore: "shop", entityType: "customer", entityIds: $ids }) { userErrors { message } } }',
            { ids: [gone] },
          );
          isGone = true;
        }
      } catch (error) {
        // The gateway is gone: fetch fails.
        if (!(error instanceof TypeError)) throw error;
      }
      await killing;
      gateway = await serve();
      const served = await readGeneration();
      expect([generation - 1, generation]).toContain(served);
      if (served < generation) old += 1;
      if (note !== null) expect(Number(await readNote('noted'))).toBeGreaterThanOrEqual(note);
      if (isGone) deleted = [...deleted, gone];
      for (const one of deleted) expect(await readNote(one)).toBeNull();
      // The job resumes and ends in a clear state, and so does the refresh that the start began.
      expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED', error: null });
      expect(await ended(await refresh())).toMatchObject({ state: 'SUCCEEDED' });
      expect(await readGeneration()).toBe(generation);
      expect(await readGeneration('2026-01-15T00:00:00Z')).toBe(generation);
      for (const one of deleted) expect(await readNote(one)).toBeNull();
    }
    console.log(
      `${KILLS} kills: after ${old} the old generation was served, after ${KILLS - old} the new one; ${deleted.length} deletions held`,
    );
    expect(await gateway.stop()).toBe(0);
  },
  600_000,
);
