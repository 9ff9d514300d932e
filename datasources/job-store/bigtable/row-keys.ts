import { hash } from 'node:crypto';
import { toDescendingKey } from '../../google/bigtable/descending-key.js';

/**
 * The rows of the table:
 *
 *   job/ID                  the record of a job, its owner and its token
 *   key/HASH                the job that an idempotency key or an external id started (unique-key.ts)
 *   time/DI                 the id of a job, the newest first
 *   target/HASH/DI          the id of a job with this target, the newest first
 *   unfinished/ID           a job that may not have finished
 *   gateway/ID              a gateway that runs
 *   schedules               the gateway that keeps the schedules
 *
 * DI is the descending id: each byte of the id is subtracted from 255, because Bigtable reads rows in ascending order.
 * Costs (costs/bigtable/) are rows of the same table.
 */
const PREFIXES = { job: 'job/', time: 'time/', unfinished: 'unfinished/', gateway: 'gateway/' } as const;

export const ROWS = {
  ...PREFIXES,
  schedules: 'schedules',
  toJob: (id: string) => `${PREFIXES.job}${id}`,
  toKey: (uniqueKey: string) => `key/${uniqueKey}`,
  toTime: (id: string) => `${PREFIXES.time}${toDescendingKey(id)}`,
  toTarget: (target: string) => `target/${hash('sha256', target, 'hex')}/`,
  toTargetJob: (target: string, id: string) => `${ROWS.toTarget(target)}${toDescendingKey(id)}`,
  toUnfinished: (id: string) => `${PREFIXES.unfinished}${id}`,
  toGateway: (id: string) => `${PREFIXES.gateway}${id}`,
};
