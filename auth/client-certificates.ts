import { readOnce, type Credentials } from './credentials.js';
import type { ClientCertificatesDocument } from './document.js';
import { Networks } from './networks.js';
import { checkName } from './principal-name.js';
import type { Principal } from './principal.js';
import { invalid } from './unauthenticated.js';

/**
 * The subject of a client certificate, from a header of the proxy that ended mutual TLS. Any client can send a header: it
 * counts only on connections from the named proxies, and a request from elsewhere that has it is refused.
 */
export class ClientCertificates {
  readonly headers: readonly string[];
  readonly #proxies: Networks;

  constructor(private readonly document: ClientCertificatesDocument) {
    const { subjectHeader, verifiedHeader, proxies } = document;
    this.headers = verifiedHeader ? [subjectHeader, verifiedHeader.name] : [subjectHeader];
    this.#proxies = new Networks(proxies);
  }

  /** The header that says whether the proxy verified the certificate. It names no client. */
  get verifiedHeader(): string | undefined {
    return this.document.verifiedHeader?.name;
  }

  get description(): string {
    const { subjectHeader, proxies } = this.document;
    return `client certificates, by the header ${subjectHeader} from ${proxies.join(', ')}`;
  }

  /** The subject; undefined if the request has none. */
  read(credentials: Credentials): string | undefined {
    const { subjectHeader, verifiedHeader } = this.document;
    const subject = readOnce(credentials, subjectHeader);
    const verified = verifiedHeader && readOnce(credentials, verifiedHeader.name);
    if (subject === undefined) return undefined;
    if (!this.#proxies.has(credentials.remoteAddress)) {
      throw invalid(
        `The header "${subjectHeader}" came from an address that is not a proxy of the configuration. Only a proxy may send it.`,
      );
    }
    if (verifiedHeader && verified !== verifiedHeader.value) {
      throw invalid('The proxy did not verify the client certificate.');
    }
    return subject;
  }

  principal(subject: string): Principal {
    // Node reads a header as Latin-1: other characters would become other names. Proxies escape them (RFC 4514).
    if (!/^[\x20-\x7e]+$/.test(subject)) {
      throw invalid('The subject of the client certificate has characters that the proxy did not escape.');
    }
    const name = checkName(`certificate:${subject}`);
    return { name, kind: 'CERTIFICATE', groups: this.document.groups, claims: new Map(), expiresAt: null };
  }
}
