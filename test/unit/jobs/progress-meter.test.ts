import { describe, expect, it } from 'vitest';
import { ProgressMeter } from '../../../jobs/progress-meter.js';

const SECOND = 1_000_000n;
const done = (completed: bigint, total: bigint | null = 1000n) => ({ completed, failed: 0n, total });

describe('the rate of a job', () => {
  it('is not known before anything was reported, or at the first report', () => {
    const meter = new ProgressMeter();
    expect(meter.rate(done(5n), SECOND)).toEqual({ ratePerSecond: null, remainingSeconds: null });
    meter.add(done(5n), SECOND);
    expect(meter.rate(done(5n), SECOND)).toEqual({ ratePerSecond: null, remainingSeconds: null });
  });

  it('is that of the last ten seconds', () => {
    const meter = new ProgressMeter();
    for (let second = 0n; second <= 20n; second += 1n) meter.add(done(second * 10n), second * SECOND);
    for (let second = 21n; second <= 40n; second += 1n) meter.add(done(200n + (second - 20n) * 2n), second * SECOND);
    expect(meter.rate(done(240n), 40n * SECOND)).toEqual({ ratePerSecond: 2, remainingSeconds: 380 });
  });

  it('goes down when the job stands still', () => {
    const meter = new ProgressMeter();
    meter.add(done(0n), 0n);
    meter.add(done(100n), SECOND);
    expect(meter.rate(done(100n), SECOND)).toMatchObject({ ratePerSecond: 100 });
    expect(meter.rate(done(100n), 10n * SECOND)).toMatchObject({ ratePerSecond: 10, remainingSeconds: 90 });
  });

  it('counts failures as done, and knows no remaining time without a total', () => {
    const meter = new ProgressMeter();
    meter.add({ completed: 0n, failed: 0n, total: null }, 0n);
    expect(meter.rate({ completed: 1n, failed: 3n, total: null }, 2n * SECOND)).toEqual({
      ratePerSecond: 2,
      remainingSeconds: null,
    });
  });

  it('is measured anew after the clock was set back, and falls by nothing but time after a jump ahead', () => {
    const meter = new ProgressMeter();
    meter.add(done(0n), 1000n * SECOND);
    meter.add(done(10n), 1001n * SECOND);
    meter.add(done(20n), 500n * SECOND);
    expect(meter.rate(done(20n), 500n * SECOND)).toEqual({ ratePerSecond: null, remainingSeconds: null });
    meter.add(done(30n), 501n * SECOND);
    expect(meter.rate(done(30n), 501n * SECOND)).toMatchObject({ ratePerSecond: 10 });
    meter.add(done(30n), 5000n * SECOND);
    meter.add(done(40n), 5010n * SECOND);
    expect(meter.rate(done(40n), 5010n * SECOND)).toMatchObject({ ratePerSecond: 1 });
  });
});
