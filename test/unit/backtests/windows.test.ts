import { describe, expect, it } from 'vitest';
import { Windows } from '../../../backtests/windows.js';
import { REQUEST_LIMITS } from '../../../limits/request-limits.js';

const { maxBacktestWindows, maxBacktestDistances } = REQUEST_LIMITS;
const SECOND = 1_000_000n;
const windows = (count: number, inputs: number) =>
  Windows.of(0n, BigInt(count - 1) * SECOND, { unit: 'SECOND', count: 1 }, inputs);

describe('the windows of a backtest', () => {
  it('are bounded alone, and together with the inputs, each of which is compared in each window', () => {
    const most = maxBacktestDistances / maxBacktestWindows;
    expect(windows(maxBacktestWindows, most).all()).toHaveLength(maxBacktestWindows);
    expect(() => windows(maxBacktestWindows + 1, 1)).toThrow(`at most ${maxBacktestWindows}`);
    expect(() => windows(maxBacktestWindows, most + 1)).toThrow('at most 20,000 distances');
    expect(windows(1, maxBacktestDistances).all()).toHaveLength(1);
  });
});
