import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Terminal } from '../support/terminal.js';
import { until } from '../support/until.js';

const root = join(import.meta.dirname, '../..');
/** The address that the README prints. */
const ORIGIN = 'http://localhost:4000';
/** It installs two hundred megabytes twice, and computes the features of the flights. */
const READING_MS = 1_200_000;

interface Block {
  readonly language: string;
  readonly text: string;
}

/** A clone with what is not committed yet, so that a change can be tested before it is. */
function clone(): string {
  const parent = mkdtempSync(join(tmpdir(), 'featuregraph-readme-'));
  // Two installations: their removal takes longer than that of a few files.
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }), 120_000);
  const folder = join(parent, 'featuregraph');
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root });
  for (const file of new Set(files.toString().split('\0').filter(Boolean)))
    cpSync(join(root, file), join(folder, file));
  return folder;
}

const isTaken = (): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(4000, 'localhost');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

async function send(query: string): Promise<{ data?: any; errors?: unknown }> {
  const response = await fetch(`${ORIGIN}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as { data?: any };
}

/** A reader waits for a job before the next step needs what it made. */
const untilJobsEnd = (): Promise<void> =>
  until(async () => {
    const { data } = await send('{ jobs(filter: { states: [QUEUED, PENDING, RUNNING] }) { nodes { id } } }');
    return data.jobs.nodes.length === 0;
  });

/** The blocks of a document, in their order. */
function blocksOf(document: string): readonly Block[] {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language, block]) => ({
    language: language!,
    text: block!,
  }));
}

/**
 * Runs the commands of a document, and sends its operations from the first command on. Gives what the commands printed.
 */
async function follow(terminal: Terminal, blocks: readonly Block[]): Promise<string> {
  let printed = '';
  for (const { language, text } of blocks.slice(blocks.findIndex((block) => block.language === 'sh'))) {
    if (language === 'graphql') {
      await untilJobsEnd();
      expect((await send(text)).errors, text).toBeUndefined();
    }
    if (language !== 'sh') continue;
    const serves = /(npm start|featuregraph serve)\n$/.test(text);
    printed += serves ? await terminal.serve(text, `${ORIGIN}/readyz`) : await terminal.run(text);
  }
  return printed;
}

it('the README runs as printed in a new clone, and docs/registry.md after it', { timeout: READING_MS }, async () => {
  if (await isTaken()) throw new Error('Another program listens on port 4000, which the README uses. Stop it.');
  const terminal = new Terminal(clone());
  onTestFinished(() => terminal.close());
  const printed = await follow(terminal, blocksOf('README.md'));
  // What curl followed, and what `check` said.
  expect(printed).toContain('"state":"SUCCEEDED"');
  expect(printed).toContain('No faults.');
  // The last block serves the installed package.
  expect((await send('{ shop { customer(entityId: "c1") { lastOrderId } } }')).data).toEqual({
    shop: { customer: { lastOrderId: '9007199254740995' } },
  });

  await terminal.close();
  await terminal.run('rm -r .featuregraph shop/*');
  const page = blocksOf('docs/registry.md');
  const write = (language: string, file: string): void => {
    const { text } = page.find((block) => block.language === language)!;
    writeFileSync(join(terminal.folder, 'shop', file), text);
  };
  write('csv', 'orders.csv');
  write('sql', 'customer.sql');
  write('yaml', 'registry.yaml');
  expect(await follow(terminal, page)).toContain(page.find(({ language }) => language === 'text')!.text);
});
