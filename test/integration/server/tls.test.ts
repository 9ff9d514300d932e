import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { OperatorError } from '../../../errors/operator-error.js';
import { startShopGateway } from '../../support/shop-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

function makeCertificate(folder: string, name: string): void {
  const flags = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'certificate.pem')];
  execFileSync('openssl', [...flags, '-subj', `/CN=${name}`, ...files], { stdio: 'ignore' });
}

const environment = (folder: string) => ({
  FEATUREGRAPH_TLS_CERTIFICATE: join(folder, 'certificate.pem'),
  FEATUREGRAPH_TLS_KEY: join(folder, 'key.pem'),
});

async function start(folder: string) {
  const gateway = await startShopGateway(folder, { environment: environment(folder), tlsLookEveryMs: 20 });
  onTestFinished(() => gateway.stop());
  return gateway;
}

function nameOf(url: string, options: object = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(url);
    const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.end();
    });
    socket.once('error', reject);
  });
}

it('a gateway with a certificate serves GraphQL over TLS alone', async () => {
  const folder = temporaryFolder();
  makeCertificate(folder, 'first.example');
  const { url } = await start(folder);
  expect(url).toMatch(/^https:/);
  const text = await new Promise<string>((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(url, { method: 'POST', rejectUnauthorized: false, headers }, (response) => {
      response.setEncoding('utf8').on('data', resolve);
    });
    sent.on('error', reject).end('{"query":"{ __typename }"}');
  });
  expect(JSON.parse(text)).toEqual({ data: { __typename: 'Query' } });
  await expect(fetch(url.replace('https:', 'http:'))).rejects.toThrow();
  await expect(nameOf(url, { maxVersion: 'TLSv1.1' })).rejects.toThrow();
});

it('takes a renewed certificate without a restart, and keeps the last one when the new one is broken', async () => {
  const folder = temporaryFolder();
  makeCertificate(folder, 'first.example');
  const { url } = await start(folder);
  expect(await nameOf(url)).toBe('first.example');
  makeCertificate(folder, 'second.example');
  await until(async () => (await nameOf(url)) === 'second.example');
  writeFileSync(join(folder, 'certificate.pem'), 'broken');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await nameOf(url)).toBe('second.example');
});

it.each([
  [
    'a missing file',
    (folder: string) => ({ ...environment(folder), FEATUREGRAPH_TLS_KEY: join(folder, 'none.pem') }),
    /none\.pem cannot be read \(ENOENT\)/,
  ],
  [
    'a certificate in the place of the key',
    (folder: string) => ({ ...environment(folder), FEATUREGRAPH_TLS_KEY: join(folder, 'certificate.pem') }),
    /do not belong together/,
  ],
  [
    'a certificate without a key',
    (folder: string) => ({ FEATUREGRAPH_TLS_CERTIFICATE: join(folder, 'certificate.pem') }),
    /FEATUREGRAPH_TLS_KEY/,
  ],
])('a gateway with %s does not start', async (_what, variables, fault) => {
  const folder = temporaryFolder();
  makeCertificate(folder, 'first.example');
  const error: unknown = await Promise.resolve()
    .then(() => startShopGateway(folder, { environment: variables(folder) }))
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OperatorError);
  expect((error as Error).message).toMatch(fault);
});
