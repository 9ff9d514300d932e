import { expect, it } from 'vitest';
import { beginAttempt, endJob } from '../../../jobs/attempts.js';
import { jobRecord } from '../../support/job-record.js';

it('a job whose clock is set back ends no earlier than it started, and starts no earlier than it was created', () => {
  const created = { ...jobRecord(), state: 'QUEUED', createdAt: 1000n, startedAt: null, endedAt: null } as const;
  const started = beginAttempt(created, 900n);
  expect(started.startedAt).toBe(1000n);
  expect(endJob(started, 'SUCCEEDED', 800n).endedAt).toBe(1000n);
  expect(endJob(created, 'CANCELLED', 800n).endedAt).toBe(1000n);
  // A jump ahead is taken as time that passed.
  expect(endJob(beginAttempt(created, 1001n), 'FAILED', 5000n)).toMatchObject({ startedAt: 1001n, endedAt: 5000n });
});
