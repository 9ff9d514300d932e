import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'graphql';
import { historicalReads } from '../../../limits/historical.js';
import { pressureReason, ProcessPressure, type PressureLimits } from '../../../limits/process-pressure.js';

const LIMITS: PressureLimits = {
  measureEveryMs: 10,
  maxLoopDelayOfLargeMs: 100,
  maxLoopDelayOfHistoricalMs: 300,
  maxLoopDelayMs: 500,
  maxHeapShareOfOthers: 0.8,
  maxHeapShare: 0.9,
};

describe('the pressure on the process', () => {
  let pressure: ProcessPressure;
  afterEach(() => pressure.stop());

  const hold = async (): Promise<void> => {
    const end = performance.now() + 300;
    while (performance.now() < end) continue;
    await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('has no delay after one long task, and that of an event loop that is held all the time', async () => {
    pressure = new ProcessPressure().start(10);
    await hold();
    expect(pressure.now.loopDelayMs).toBeLessThan(100);
    await hold();
    expect(pressure.now.loopDelayMs).toBeGreaterThan(100);
  });

  it('has the delay of an event loop that is held again and again, and the share of the heap', async () => {
    pressure = new ProcessPressure().start(200);
    const seen: number[] = [];
    for (let turn = 0; turn < 10; turn += 1) {
      const end = performance.now() + 60;
      while (performance.now() < end) continue;
      await new Promise((resolve) => setTimeout(resolve, 1));
      seen.push(pressure.now.loopDelayMs);
    }
    expect(Math.max(...seen)).toBeGreaterThan(20);
    expect(pressure.now.heapShare).toBeGreaterThan(0);
    expect(pressure.now.heapShare).toBeLessThan(1);
  });
});

describe('under pressure', () => {
  it.each([
    ['nothing', { loopDelayMs: 50, heapShare: 0.5 }, [null, null, null]],
    ['what is large, for the loop', { loopDelayMs: 200, heapShare: 0.5 }, [null, null, 'event_loop']],
    ['what is historical too', { loopDelayMs: 400, heapShare: 0.5 }, [null, 'event_loop', 'event_loop']],
    ['everything, for the loop', { loopDelayMs: 600, heapShare: 0.5 }, ['event_loop', 'event_loop', 'event_loop']],
    ['what is large or historical, for the heap', { loopDelayMs: 0, heapShare: 0.85 }, [null, 'heap', 'heap']],
    ['everything, for the heap', { loopDelayMs: 0, heapShare: 0.95 }, ['heap', 'heap', 'heap']],
  ])('the gateway refuses %s', (_what, pressure, reasons) => {
    const kinds = ['current', 'historical', 'large'] as const;
    expect(kinds.map((kind) => pressureReason(pressure, kind, LIMITS))).toEqual(reasons);
  });
});

it.each([
  ['{ entity(entityId: "a") { features { value } } }', false],
  ['{ entity(entityId: "a", asOf: "2024-01-01T00:00:00Z") { features { value } } }', true],
  ['query ($at: DateTime) { entities(knownAt: $at) { id } }', true],
  ['{ entity { history(feature: "f") { nodes { value } } } }', true],
  ['{ a: entity { id } ...F } fragment F on Query { entity(strictlyBefore: true) { id } }', true],
])('%s reads the history: %s', (document, expected) => {
  const isHistorical = historicalReads();
  const parsed = parse(document);
  expect([isHistorical(parsed), isHistorical(parsed)]).toEqual([expected, expected]);
});
