import { expect, it } from 'vitest';
import { ClientAddresses, clientNetwork } from '../../../auth/client-addresses.js';

const from = (remoteAddress: string, ...forwarded: string[]) => ({
  remoteAddress,
  header: (name: string) => (name === 'x-forwarded-for' ? forwarded : []),
});

it.each<[string, string, string[], string]>([
  ['no proxy is named: the header is the word of the client', '9.9.9.9', ['1.1.1.1'], '9.9.9.9'],
  ['of a proxy, its client', '10.0.0.1', ['1.1.1.1'], '1.1.1.1'],
  ['of two proxies, the client of the outer one', '10.0.0.1', ['1.1.1.1, 10.0.0.2'], '1.1.1.1'],
  ['what the client wrote itself stands before, and does not count', '10.0.0.1', ['6.6.6.6, 1.1.1.1'], '1.1.1.1'],
  ['the header several times is one list', '10.0.0.1', ['6.6.6.6', '1.1.1.1'], '1.1.1.1'],
  ['a proxy that says nothing is the client', '10.0.0.1', [], '10.0.0.1'],
  ['text that is no address ends the list', '10.0.0.1', ['1.1.1.1, unknown'], '10.0.0.1'],
  ['an IPv4 proxy on a socket of both families', '::ffff:10.0.0.1', ['2001:db8::1'], '2001:db8::1'],
])('%s', (_what, remote, forwarded, client) => {
  expect(new ClientAddresses(['10.0.0.0/8']).of(from(remote, ...forwarded))).toBe(client);
});

it('one client is an IPv4 address, or 64 bits of an IPv6 one', () => {
  expect(clientNetwork('::ffff:1.2.3.4')).toBe('1.2.3.4');
  expect(clientNetwork('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(clientNetwork('2001:db8:1:2::6')).toBe(clientNetwork('2001:0db8:1:2:ffff::'));
  expect(clientNetwork('::1')).toBe('0:0:0:0::/64');
  expect(clientNetwork('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
});
