import { isIP } from 'node:net';
import type { Credentials } from './credentials.js';
import { Networks } from './networks.js';

/**
 * The address of the client of a request: that of the connection. On a connection from a named proxy, X-Forwarded-For
 * counts, from its end: each proxy adds the address that called it. What stands before the first address that is no proxy
 * is the word of the client, and does not count.
 */
export class ClientAddresses {
  readonly #proxies: Networks | null;

  constructor(proxies: readonly string[]) {
    this.#proxies = proxies.length === 0 ? null : new Networks(proxies);
  }

  of({ header, remoteAddress }: Pick<Credentials, 'header' | 'remoteAddress'>): string {
    if (!this.#proxies?.has(remoteAddress)) return remoteAddress;
    let address = remoteAddress;
    const forwarded = header('x-forwarded-for').flatMap((value) => value.split(','));
    for (const text of forwarded.toReversed()) {
      const next = text.trim();
      if (isIP(next) === 0) return address;
      address = next;
      if (!this.#proxies.has(next)) return address;
    }
    return address;
  }
}

/** What counts as one client: an IPv4 address, or the first 64 bits of an IPv6 one, within which a client has any number. */
export function clientNetwork(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - last.length);
  const all = [...groups, ...new Array<string>(zeros).fill('0'), ...last];
  return `${all
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
