import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobRecord } from '../../../datasources/job-store/job-record.js';
import { EventOutbox } from '../../../lineage/event-outbox.js';
import { EventSender, type AttemptOutcome } from '../../../lineage/event-sender.js';
import { LineageEvents } from '../../../lineage/lineage-events.js';
import { AlertServer } from '../../support/alert-server.js';
import { LINEAGE_JOBS, runEvents } from '../../support/openlineage/job-events.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const ended = LINEAGE_JOBS.find(({ kind }) => kind === 'MONITOR_RUN')!;
const begun: JobRecord = { ...ended, state: 'PENDING', endedAt: null };
const SLOW = { firstPauseMs: 60_000 };

let server: AlertServer;
let folder: string;
let attempts: AttemptOutcome[];
let dropped: number;

function open({ maxEvents = 10, limits = { firstPauseMs: 1 } } = {}): LineageEvents {
  const outbox = new EventOutbox(join(folder, 'outbox'), maxEvents);
  const sender = new EventSender({
    outbox,
    url: server.url,
    readApiKey: async () => null,
    onAttempt: (outcome) => attempts.push(outcome),
    limits,
  });
  return new LineageEvents({ events: runEvents(), outbox, sender, onDropped: (count) => (dropped += count) });
}

const types = () => server.received.map(({ text }) => (JSON.parse(text) as { eventType: string }).eventType);

beforeEach(async () => {
  folder = temporaryFolder();
  attempts = [];
  dropped = 0;
  server = await AlertServer.start();
});
afterEach(() => server.close());

describe('the events of jobs', () => {
  it('begin once, however many attempts a job has', async () => {
    const events = open();
    events.began(begun);
    events.began(begun);
    events.ended(ended);
    await events.close();
    expect(types()).toEqual(['START', 'COMPLETE']);
  });

  it('have a START also for a job that was cancelled before it began', async () => {
    const events = open();
    events.ended({ ...ended, state: 'CANCELLED', startedAt: null });
    await events.close();
    expect(types()).toEqual(['START', 'ABORT']);
  });

  it('are completed at the next start for a job whose end was stored, and whose process ended before the event was', async () => {
    const first = open();
    first.began(begun);
    await first.close();
    const second = open();
    await second.recover(async (id) => (id === ended.id ? ended : undefined));
    await second.close();
    expect(types()).toEqual(['START', 'COMPLETE']);
    const third = open();
    await third.recover(async () => ended);
    await third.close();
    expect(types()).toHaveLength(2);
  });

  it('are not completed for a job that goes on, or that is no longer there', async () => {
    const first = open();
    first.began(begun);
    await first.close();
    const second = open();
    await second.recover(async () => begun);
    second.began(begun);
    await second.close();
    const third = open();
    await third.recover(async () => undefined);
    await third.close();
    expect(types()).toEqual(['START']);
  });

  it('are sent again until the server takes them, in their order', async () => {
    server.statuses = [503, 302, 401, 200, 429, 200];
    const events = open();
    events.began(begun);
    events.ended(ended);
    await until(() => attempts.length === 6);
    await events.close();
    expect(types()).toEqual([...Array<string>(4).fill('START'), 'COMPLETE', 'COMPLETE']);
    expect(attempts).toEqual(['FAILED', 'FAILED', 'FAILED', 'SENT', 'FAILED', 'SENT']);
  });

  it('have a bound while the server is away: those without a place are counted, and what is there is sent later', async () => {
    server.statuses = Array<number>(100).fill(500);
    const full = open({ maxEvents: 3, limits: SLOW });
    for (const number of [1, 2, 3]) full.ended({ ...ended, id: ended.id.replace(/.$/, String(number)) });
    await until(() => dropped === 3);
    await full.close();
    server.statuses = [];
    server.received.length = 0;
    const next = open();
    await next.recover(async () => undefined);
    await next.close();
    expect(types()).toEqual(['START', 'COMPLETE', 'START']);
  });

  it('have a bound in bytes too, also for the events of the process before', async () => {
    const path = join(folder, 'small');
    const first = new EventOutbox(path, 10, 10);
    expect(await first.add('a', ['1234', 'é€'], true)).toBe(0);
    expect(await first.add('b', ['12', '1'], false)).toBe(2);
    expect(first.hasBegun('b')).toBe(false);
    await first.close();
    const next = new EventOutbox(path, 10, 10);
    expect(await next.add('b', ['12'], true)).toBe(1);
    await next.remove(next.oldest()!);
    expect(await next.add('b', ['12345', '1'], true)).toBe(1);
    expect(next.size).toBe(2);
    await next.close();
  });

  it('that a server refuses for good are dropped, and those behind them are sent', async () => {
    server.statuses = [413];
    const events = open({ limits: SLOW });
    events.began(begun);
    events.ended(ended);
    await events.close();
    expect(attempts).toEqual(['REFUSED', 'SENT']);
  });
});
