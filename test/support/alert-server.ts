import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedAlert {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A server of a webhook over a real socket. */
export class AlertServer {
  readonly received: ReceivedAlert[] = [];
  /** The statuses of the next answers; 200 when there are none. null: the server never answers. */
  statuses: (number | null)[] = [];
  readonly #server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      this.received.push({ headers: request.headers, text });
      const [status = 200] = this.statuses.splice(0, 1);
      if (status !== null) response.writeHead(status).end();
    });
  });

  static async start(): Promise<AlertServer> {
    const alerts = new AlertServer();
    alerts.#server.listen(0, '127.0.0.1');
    await once(alerts.#server, 'listening');
    return alerts;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/alerts`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
