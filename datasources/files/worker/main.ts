import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { findNanoseconds } from './find-nanoseconds.ts';
import type { WorkerAnswer, WorkerRequest, WorkerResult, WorkerSettings } from './protocol.ts';
import { FileScanFault, scanFiles } from './scan-files.ts';
import { SqlEngine } from './sql-engine.ts';

/**
 * The process that reads files of clients. A file that crashes or stalls this process does not affect the gateway. Node
 * runs this file as it is, compiled or as a source (Node strips its types), so the modules that it imports end in .ts
 * and have no syntax that needs compiling.
 */
let settings: WorkerSettings | undefined;
let engine: Promise<SqlEngine> | undefined;

process.on('message', (message: { readonly id: number; readonly request: WorkerRequest }) => {
  void answer(message.id, message.request).then((reply) => process.send!(reply));
});
// The gateway ended without notice.
process.on('disconnect', () => process.exit(0));
// A terminal sends its signals to both processes; the gateway decides when this process ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
giveWay();

/**
 * Requests that the gateway serves have priority. When the machine runs out of memory, the kernel kills this process
 * first.
 */
function giveWay(): void {
  try {
    setPriority(10);
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not every system supports this.
  }
}

async function answer(id: number, request: WorkerRequest): Promise<WorkerAnswer> {
  try {
    return { id, result: await run(request) };
  } catch (error) {
    if (error instanceof FileScanFault) return { id, fault: error.fault };
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function run(request: WorkerRequest): Promise<WorkerResult> {
  switch (request.kind) {
    case 'begin':
      (await engine)?.close();
      engine = undefined;
      settings = request.settings;
      return null;
    case 'scan':
      return scanFiles(request);
    case 'query':
      engine ??= SqlEngine.open(settings!);
      return (await engine).query(request.sql);
    case 'nanoseconds':
      return findNanoseconds(request);
  }
}
