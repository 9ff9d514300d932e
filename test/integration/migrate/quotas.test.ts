import { expect, it } from 'vitest';
import { PacedCreations } from '../../../migrate/run/paced-creations.js';
import { CREATE_POLICY, FEATURES_PER_SECOND, POLL_MS } from '../../../migrate/run/step-context.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { expectEqualValues, expectOnceEach } from '../../support/migrate/expect-migrated.js';
import { useLargeMigration } from '../../support/migrate/large-migration.js';

/** A minute of the quotas takes so long, and the pauses of the migration are shorter by the same factor. */
const MINUTE_MS = 600;
const FACTOR = MINUTE_MS / 60_000;
const TIMEOUT_MS = 300_000;

const current = useLargeMigration();

describeWithGoogleSql('a migration of 40 entity types and 2,000 features', () => {
  it(
    'waits for the quotas a minute, and ends in one run with each resource once',
    async () => {
      const { world, types, plan } = current();
      const path = await plan();
      const { quotas } = world.vertex.server;
      quotas.minuteMs = MINUTE_MS;
      world.bigQuery.quotas.secondMs = 1_000 * FACTOR;
      world.bigQuery.jobs.queue.concurrent = 1;
      const { retries, pauseMs, attemptMs, totalMs } = CREATE_POLICY;
      // Only pauses are shortened: a call takes as long as this machine needs.
      const createPolicy = { attemptMs, totalMs, retries, pauseMs: pauseMs * FACTOR };
      const featureCreations = new PacedCreations(FEATURES_PER_SECOND / FACTOR);
      const services = { ...(await world.services()), createPolicy, featureCreations, pollMs: POLL_MS * FACTOR };
      try {
        const end = await world.run(path, { services, confirmed: ['dual-writes'] });
        expect(end).toMatchObject({ step: { id: 'compare' } });
      } finally {
        await services.vertex.close();
      }
      expectOnceEach(world);
      expectEqualValues(world, types);
      // At most a quarter of a minute's features in a request, so that one fits beside those of others.
      const sizes = world.vertex.server.callsOf('BatchCreateFeatures').map(({ request }) => request.requests.length);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(25);
    },
    TIMEOUT_MS,
  );
});
