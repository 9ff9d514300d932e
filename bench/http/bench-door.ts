import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { AuditChain } from '../../auth/audit/audit-chain.js';
import { AuditFiles } from '../../auth/audit/audit-files.js';
import { AuditLog } from '../../auth/audit/audit-log.js';
import { createKey } from '../../auth/api-keys/manage-keys.js';
import { OPEN_AUTHENTICATOR, type Authenticator } from '../../auth/authenticator.js';
import { openAuthentication } from '../../composition/authentication.js';
import { openServedLog } from '../../composition/open-served-log.js';
import { servedLogVariables, toServedLog } from '../../config/served-log-config.js';
import { createLogger } from '../../observability/logger.js';
import type { ServedLog } from '../../serving/served-log/served-log.js';
import { systemClock } from '../../values/clock.js';

export interface BenchDoor {
  readonly authenticator: Authenticator;
  /** What clients send. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The authentication of a variant of the server: none, an API key, or a token of a provider. */
export async function openBenchDoor(variant: string, folder: string): Promise<BenchDoor> {
  if (variant === 'api-key' || variant === 'door') {
    const now = systemClock();
    const request = { name: 'bench', groups: ['a'], claims: {}, expiresAt: null, isRotation: false, now };
    const { key } = await createKey(join(folder, 'api-keys.json'), request);
    return { authenticator: await open(folder, { apiKeys: {} }), headers: { authorization: `Bearer ${key}` } };
  }
  if (variant !== 'token' && variant !== 'door-token') return { authenticator: OPEN_AUTHENTICATOR, headers: {} };
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256' };
  const provider = createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] })));
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  provider.unref();
  const issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const token = await new SignJWT({ groups: ['a', 'b'] })
    .setProtectedHeader({ alg: 'RS256', kid: 'bench' })
    .setIssuer(issuer)
    .setAudience('bench')
    .setSubject('bench')
    .setExpirationTime('1h')
    .sign(privateKey);
  const identityProviders = [{ issuer, audiences: ['bench'], jwksUri: issuer, groupsClaim: 'groups' }];
  return { authenticator: await open(folder, { identityProviders }), headers: { authorization: `Bearer ${token}` } };
}

async function open(folder: string, document: object): Promise<Authenticator> {
  const path = join(folder, 'authentication.yaml');
  await writeFile(path, JSON.stringify(document));
  const onError = (error: unknown): void => console.error(error);
  return openAuthentication({ path, dataDirectory: folder, isCloudRun: false, clock: systemClock, onError });
}

/** The log of served values of the variant ``served-RATE`; null for the others. */
export async function openBenchServedLog(variant: string, folder: string): Promise<ServedLog | null> {
  const [, rate] = /^served-([\d.]+)$/.exec(variant) ?? [];
  if (rate === undefined) return null;
  const servedLog = toServedLog(z.object(servedLogVariables).parse({ FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE: rate }));
  return openServedLog({ dataDirectory: folder, servedLog }, createLogger('info'), systemClock);
}

/** An audit log in a folder of the server. */
export async function openBenchAudit(folder: string): Promise<AuditLog> {
  const chain = new AuditChain(Buffer.alloc(32, 1));
  const files = await AuditFiles.open(join(folder, 'audit'), 104_857_600, chain);
  const onError = (error: unknown): void => console.error(error);
  return new AuditLog({ files, chain, clock: systemClock, isRequired: false, onError });
}
