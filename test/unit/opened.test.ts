import { describe, expect, it } from 'vitest';
import { openAllOrClose, ResourceStack } from '../../composition/opened.js';

describe('what is open', () => {
  it('is closed in the opposite order, once', async () => {
    const closed: string[] = [];
    const opened = new ResourceStack();
    for (const name of ['store', 'jobs', 'server']) opened.closeBy(async () => void closed.push(name));
    await opened.close();
    await opened.close();
    expect(closed).toEqual(['server', 'jobs', 'store']);
  });

  it('is closed also when something before it cannot be', async () => {
    const closed: string[] = [];
    const opened = new ResourceStack();
    opened.closeBy(() => void closed.push('store'));
    opened.closeBy(() => Promise.reject(new Error('a stream hangs')));
    await expect(opened.close()).rejects.toThrow('a stream hangs');
    expect(closed).toEqual(['store']);
  });

  it('stays open when all could be opened, and is closed when one could not; that fault is told', async () => {
    const closed: string[] = [];
    const open = (fault: Error | null) =>
      openAllOrClose(async (opened) => {
        opened.closeBy(() => void closed.push('first'));
        opened.closeBy(() => Promise.reject(new Error('and it cannot be closed')));
        if (fault) throw fault;
        return 'open';
      });
    expect(await open(null)).toBe('open');
    expect(closed).toEqual([]);
    await expect(open(new Error('the port is in use'))).rejects.toThrow('the port is in use');
    expect(closed).toEqual(['first']);
  });
});
