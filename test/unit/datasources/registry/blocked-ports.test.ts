import { describe, expect, it } from 'vitest';
import { isBlockedPort } from '../../../../datasources/registry/document/blocked-ports.js';

/** Whether fetch refuses a port before it tries to connect. */
async function isRefused(port: number): Promise<boolean> {
  const error: unknown = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(200) }).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  const { cause } = (error ?? {}) as { readonly cause?: { readonly message?: string } };
  return cause?.message === 'bad port';
}

describe('the ports that fetch refuses', () => {
  it('are those that the registry refuses', async () => {
    // All blocked ports are below 10081; in between a sample, since each that is not blocked is a connection.
    const ports = Array.from({ length: 10_090 }, (_, port) => port).filter(
      (port) => port > 0 && (isBlockedPort(at(port)) || port % 97 === 0 || port < 130 || (port > 6650 && port < 6700)),
    );
    const wrong: number[] = [];
    for (const port of ports) if ((await isRefused(port)) !== isBlockedPort(at(port))) wrong.push(port);
    expect(wrong).toEqual([]);
  });

  it('and port 0, where nothing listens; an address without a port has the usual one', () => {
    expect(isBlockedPort(at(0))).toBe(true);
    expect(isBlockedPort(new URL('http://localhost/'))).toBe(false);
  });
});

const at = (port: number): URL => new URL(`http://127.0.0.1:${port}/`);
