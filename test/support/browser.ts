import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { describe } from 'vitest';

const HOW_TO_GET_IT =
  'There is no Chromium: install it, with "apt-get install chromium" on Debian, or set CHROMIUM to the path of Chromium or Chrome.';

const program = findProgram();

/** A suite that needs a browser: skipped with the reason where there is none, except in CI, where it must be. */
export function describeWithBrowser(name: string, suite: () => void | Promise<void>): void {
  if (!program && process.env.CI === 'true') throw new Error(HOW_TO_GET_IT);
  if (!program) console.warn(`Skipped: ${name}. ${HOW_TO_GET_IT}`);
  describe.skipIf(!program)(name, suite);
}

function findProgram(): string | undefined {
  const { CHROMIUM, PATH = '' } = process.env;
  if (CHROMIUM) return CHROMIUM;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  return names
    .flatMap((name) => PATH.split(delimiter).map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

export async function startBrowser(): Promise<Browser> {
  if (!program) throw new Error(HOW_TO_GET_IT);
  return chromium.launch({
    executablePath: program,
    // A container has no sandbox for its root user; the pages are our own. Nothing but the tests may ask the network.
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}

/** What went wrong in a page, or left its host, since it was opened. */
export class WatchedPage {
  readonly faults: string[] = [];

  constructor(
    readonly page: Page,
    origin: string,
  ) {
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.faults.push(`${message.type()}: ${message.text()}`);
    });
    page.on('pageerror', ({ message }) => this.faults.push(`not caught: ${message}`));
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText;
      // Chromium aborts the requests of a page that is left or loaded again.
      if (why !== 'net::ERR_ABORTED') this.faults.push(`failed: ${request.url()}: ${why}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) this.faults.push(`${response.status()}: ${response.url()}`);
    });
    // Those of workers are requests of the page too.
    page.context().on('request', (request) => {
      if (!isOfHost(request.url(), origin)) this.faults.push(`left the host: ${request.url()}`);
    });
    page.on('websocket', (socket) => {
      if (!isOfHost(socket.url(), origin)) this.faults.push(`left the host: ${socket.url()}`);
    });
  }
}

function isOfHost(url: string, origin: string): boolean {
  const { protocol, host } = new URL(url);
  return ['data:', 'blob:'].includes(protocol) || host === new URL(origin).host;
}
