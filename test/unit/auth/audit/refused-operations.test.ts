import { describe, expect, it } from 'vitest';
import type { RefusedOperation } from '../../../../auth/audit/audit-record.js';
import { RefusedOperations } from '../../../../auth/audit/refused-operations.js';

const LIMITS = { maxRefusedOperations: 10, maxRefusedOperationsOfPrincipal: 4 };
const refused = (principal: string, code: string, requestId = 'r1'): RefusedOperation => ({
  principal,
  code,
  requestId,
  operation: 'QUERY',
  document: '{ secret }',
});

describe('refused operations', () => {
  it('are counted by principal and code, each with its first one', () => {
    const counts = new RefusedOperations(LIMITS, (text) => `hash of ${text.length}`);
    const times = ['t1', 't2', 't3'];
    const time = () => times[0]!;
    expect(counts.add(refused('ann', 'RATE_LIMITED', 'r1'), time)).toBe(true);
    times.shift();
    expect(counts.add(refused('ann', 'RATE_LIMITED', 'r2'), time)).toBe(false);
    expect(counts.add(refused('bob', 'RATE_LIMITED', 'r3'), time)).toBe(false);
    const of = { decision: 'REFUSED', code: 'RATE_LIMITED', operation: 'QUERY', document: 'hash of 10' };
    expect(counts.take()).toEqual({
      since: 't1',
      refusals: 3,
      operations: [
        { principal: 'ann', ...of, time: 't1', requestId: 'r1', refusals: 2 },
        { principal: 'bob', ...of, time: 't2', requestId: 'r3', refusals: 1 },
      ],
    });
    expect(counts.take()).toBeNull();
  });

  it('of one principal leave room for those of others, and no number of them makes a longer line', () => {
    let hashed = 0;
    const counts = new RefusedOperations(LIMITS, () => String((hashed += 1)));
    for (let count = 0; count < 1_000; count += 1) counts.add(refused('flood', `CODE_${count % 100}`), () => '');
    counts.add(refused('ann', 'QUERY_TOO_EXPENSIVE'), () => '');
    const { refusals, operations } = counts.take()!;
    expect([refusals, operations.length, hashed]).toEqual([1_001, 5, 5]);
    expect(operations.at(-1)).toMatchObject({ principal: 'ann', refusals: 1 });
    for (let count = 0; count < 1_000; count += 1) counts.add(refused(`p${count}`, 'RATE_LIMITED'), () => '');
    expect(counts.take()!.operations).toHaveLength(10);
  });
});
