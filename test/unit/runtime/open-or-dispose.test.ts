import { describe, expect, it } from 'vitest';
import { openOrDispose } from '../../../runtime/open-or-dispose.js';

describe('what is open', () => {
  it('is closed in the opposite order, once', async () => {
    const closed: string[] = [];
    const opened = new AsyncDisposableStack();
    for (const name of ['store', 'jobs', 'server']) opened.defer(async () => void closed.push(name));
    await opened.disposeAsync();
    await opened.disposeAsync();
    expect(closed).toEqual(['server', 'jobs', 'store']);
  });

  it('is closed also when something before it cannot be', async () => {
    const closed: string[] = [];
    const opened = new AsyncDisposableStack();
    opened.defer(() => void closed.push('store'));
    opened.defer(() => Promise.reject(new Error('a stream hangs')));
    await expect(opened.disposeAsync()).rejects.toThrow('a stream hangs');
    expect(closed).toEqual(['store']);
  });

  it('stays open when all could be opened, and is closed when one could not; that fault is told', async () => {
    const closed: string[] = [];
    const open = (fault: Error | null) =>
      openOrDispose(async (opened) => {
        opened.defer(() => void closed.push('first'));
        opened.defer(() => Promise.reject(new Error('and it cannot be closed')));
        if (fault) throw fault;
        return 'open';
      });
    expect(await open(null)).toBe('open');
    expect(closed).toEqual([]);
    await expect(open(new Error('the port is in use'))).rejects.toThrow('the port is in use');
    expect(closed).toEqual(['first']);
  });
});
