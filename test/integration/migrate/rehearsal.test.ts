import { expect, it } from 'vitest';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { expectEqualValues, expectOnceEach } from '../../support/migrate/expect-migrated.js';
import { writeInBetween } from '../../support/migrate/large-project.js';
import { useLargeMigration } from '../../support/migrate/large-migration.js';

const TIMEOUT_MS = 300_000;

const current = useLargeMigration();

describeWithGoogleSql('a migration of 40 entity types and 2,000 features', () => {
  it(
    'has each resource once and each value in the end, also those that were written in between',
    async () => {
      const { world, types, plan } = current();
      const path = await plan();
      await world.run(path);
      writeInBetween(world, types);
      expect(await world.run(path, { confirmed: ['dual-writes'] })).toMatchObject({ step: { id: 'compare' } });
      expectOnceEach(world);
      expectEqualValues(world, types);
    },
    TIMEOUT_MS,
  );
});
