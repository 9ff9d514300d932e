import { z } from 'zod';
import { AUTH_LIMITS } from '../../limits/auth-limits.js';
import { isTrustworthy } from '../trustworthy-address.js';

const description = z.looseObject({ issuer: z.string(), jwks_uri: z.string() });

/** The address of the keys, from the OpenID description of the provider. */
export async function discoverKeys(issuer: string, timeoutMs: number): Promise<string> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(address, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
  const text = await readAtMost(response, AUTH_LIMITS.maxDiscoveryBytes);
  const { issuer: named, jwks_uri: keys } = description.parse(JSON.parse(text));
  // Another issuer's description would bring another's keys.
  if (named !== issuer) throw new Error(`${address} describes another issuer: ${named}`);
  if (!isTrustworthy(keys)) throw new Error(`${address} has its keys at an address without TLS`);
  return keys;
}

async function readAtMost(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`the description of the provider has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
