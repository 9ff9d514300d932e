import { expect, it } from 'vitest';
import { readStateFile } from '../../migrate/state/state-file.js';
import { describeWithGoogleSql } from '../support/google/with-googlesql.js';
import { expectEqualValues, expectOnceEach } from '../support/migrate/expect-migrated.js';
import { writeInBetween } from '../support/migrate/large-project.js';
import { useLargeMigration } from '../support/migrate/large-migration.js';

const CHANGES = [
  'ExportFeatureValues',
  'CreateFeatureGroup',
  'BatchCreateFeatures',
  'CreateFeatureOnlineStore',
  'CreateFeatureView',
  'SyncFeatureView',
];
const LOOKS = ['GetOperation', 'GetFeatureViewSync'];
/** More than a thousand runs. */
const TIMEOUT_MS = 1_800_000;

const current = useLargeMigration();

describeWithGoogleSql('a migration of 40 entity types and 2,000 features', () => {
  it(
    'ends the same after an interruption in each step and after each step',
    async () => {
      const { world, types, plan } = current();
      const path = await plan();
      const tried = new Set<string>();
      const { steps } = await readStateFile(path);
      const services = await world.services();
      const done: string[] = [];
      let failures = 0;
      const confirmed: string[] = [];
      for (let runs = 0; ; runs += 1) {
        expect(runs).toBeLessThan(steps.length * 5);
        // Three interruptions of each step: the answer of a change is lost, that of a look is, and the run ends after the step.
        const interrupted = new AbortController();
        const { faults } = world.vertex.server;
        let isFirst = true;
        const end = await world
          .run(path, {
            services,
            signal: interrupted.signal,
            concurrency: 1,
            confirmed,
            report: ({ step, outcome }) => {
              if (outcome === 'begun' && isFirst) {
                isFirst = false;
                faults.clear();
                const isNew = (place: string) => !tried.has(`${step.id}/${place}`) && tried.add(`${step.id}/${place}`);
                if (isNew('change')) {
                  for (const method of CHANGES) faults.add(method, { kind: 'loseAnswer', code: 'INTERNAL' });
                } else if (isNew('look')) {
                  for (const method of LOOKS) faults.add(method, { kind: 'refuse', code: 'INTERNAL' });
                }
              }
              if (outcome === 'failed') failures += 1;
              if (outcome !== 'done') return;
              done.push(step.id);
              if (step.kind !== 'decision') interrupted.abort(new Error('the test interrupts'));
            },
          })
          .catch(() => undefined);
        if (end?.kind !== 'decision') continue;
        if (end.step.id !== 'dual-writes') break;
        writeInBetween(world, types);
        confirmed.push('dual-writes');
      }
      await services.vertex.close();

      const before = steps.slice(
        0,
        steps.findIndex(({ id }) => id === 'compare'),
      );
      expect(done.toSorted()).toEqual(before.map(({ id }) => id).toSorted());
      // Each of 80 exports, 40 groups, 40 batches, 2 stores, 40 views and 80 syncs was interrupted by its lost answer at least.
      expect(failures).toBeGreaterThanOrEqual(80 + 40 + 40 + 2 + 40 + 80);
      expectOnceEach(world);
      expectEqualValues(world, types);
    },
    TIMEOUT_MS,
  );
});
