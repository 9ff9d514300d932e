import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** Whether a request names a host under which this gateway is meant to be reached. */
export type IsAllowedHost = (request: IncomingMessage) => boolean;

/**
 * Checks the Host header. Without it, a page of any site can reach a gateway on a developer's own machine: the site lets
 * its name point at 127.0.0.1 (DNS rebinding), and the browser takes both for one origin. The page could then read
 * features and start jobs.
 *
 * A gateway that listens on this machine alone is reached under the names of this machine, and under `hosts`. Any other
 * gateway is reached under `hosts`, or under every name when there are none: its operator decides who reaches it.
 */
export function allowedHosts(listenHost: string, hosts: readonly string[]): IsAllowedHost {
  const isLocal = isLoopback(listenHost);
  if (!isLocal && hosts.length === 0) return () => true;
  return ({ headers: { host } }) => {
    const name = hostName(host);
    return name !== undefined && (hosts.includes(name) || (isLocal && isLoopback(name)));
  };
}

/**
 * The same for the port of the metrics. On a network every name is right: Prometheus reaches it under addresses and names that
 * only the cluster knows.
 */
export function allowedMetricsHosts(listenHost: string, hosts: readonly string[]): IsAllowedHost {
  return isLoopback(listenHost) ? allowedHosts(listenHost, hosts) : () => true;
}

/**
 * Whether a request has one Host header. Of two, a proxy can check the one and this gateway the other: RFC 9112, section
 * 3.2, refuses them with 400. Node.js keeps the first of them in `headers`.
 */
export function hasOneHost({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): boolean {
  return rawHeaders.filter((name, index) => index % 2 === 0 && name.length === 4 && /^host$/i.test(name)).length <= 1;
}

/** The name without its port; undefined if there is none. */
function hostName(host: string | undefined): string | undefined {
  const url = `http://${host ?? ''}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : undefined;
}

function isLoopback(name: string): boolean {
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === '::1' || name === 'localhost' || name.endsWith('.localhost');
}
