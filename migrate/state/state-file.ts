import { open, readFile, rm } from 'node:fs/promises';
import { OperatorError } from '../../errors/operator-error.js';
import { replaceFile } from '../../runtime/replace-file.js';
import { SerialTasks } from '../../runtime/serial-tasks.js';
import type { Clock } from '../../values/clock.js';
import { formatInstant } from '../../values/instant.js';
import { stateDocument, type StateDocument, type StepProgress } from './state-document.js';

/** Reads a state file. Throws an OperatorError that says what to do. */
export async function readStateFile(path: string): Promise<StateDocument> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new OperatorError(
      `The state file ${path} cannot be read. "featuregraph migrate plan --out ${path}" makes one.`,
      [],
      { cause },
    );
  });
  try {
    return stateDocument.parse(JSON.parse(text));
  } catch (cause) {
    throw new OperatorError(
      `The file ${path} is not a state file of this version of featuregraph.`,
      ['Restore it from a backup, or plan anew into another file: steps find what is already there.'],
      { cause },
    );
  }
}

/** Writes the file of a new plan. Throws if there is a file: it may have the progress of a migration. */
export async function createStateFile(path: string, document: StateDocument): Promise<void> {
  const release = await lockStateFile(path);
  try {
    const found = await readFile(path).catch(() => undefined);
    if (found) throw new OperatorError(`${path} exists. Delete it, or name another file with --out.`);
    await replaceFile(path, toText(document));
  } finally {
    await release();
  }
}

/**
 * A state file that this process alone may change. Each change is on disk before the next call to Google, so that a killed
 * process loses no operation that it started.
 */
export class StateFile {
  readonly #writes = new SerialTasks();

  private constructor(
    readonly path: string,
    readonly document: StateDocument,
    private readonly release: () => Promise<void>,
    private readonly clock: Clock,
  ) {}

  static async open(path: string, clock: Clock): Promise<StateFile> {
    const release = await lockStateFile(path);
    try {
      return new StateFile(path, await readStateFile(path), release, clock);
    } catch (error) {
      await release();
      throw error;
    }
  }

  progressOf(id: string): StepProgress | undefined {
    return this.document.progress[id];
  }

  async begin(id: string): Promise<void> {
    const { begunAt = this.#now(), operation = null, isStarting = false, failedJobs = 0 } = this.progressOf(id) ?? {};
    await this.#set(id, { status: 'begun', begunAt, endedAt: null, operation, isStarting, failedJobs, note: null });
  }

  async note(id: string, change: Partial<Omit<StepProgress, 'status' | 'endedAt' | 'note'>>): Promise<void> {
    await this.#set(id, { ...this.#known(id), ...change });
  }

  async end(id: string, status: 'done' | 'failed', note: string | null): Promise<void> {
    await this.#set(id, { ...this.#known(id), status, endedAt: this.#now(), note });
  }

  /** A step of the past is to be done again, such as the switch after a way back. */
  async undo(id: string): Promise<void> {
    const others = Object.entries(this.document.progress).filter(([other]) => other !== id);
    this.document.progress = Object.fromEntries(others);
    await this.#save();
  }

  async close(): Promise<void> {
    await this.#writes.run(async () => undefined);
    await this.release();
  }

  #known(id: string): StepProgress {
    const known = this.progressOf(id);
    if (!known) throw new Error(`step ${id} was not begun`);
    return known;
  }

  async #set(id: string, progress: StepProgress): Promise<void> {
    this.document.progress[id] = progress;
    await this.#save();
  }

  async #save(): Promise<void> {
    await this.#writes.run(() => replaceFile(this.path, toText(this.document)));
  }

  #now(): string {
    return formatInstant(this.clock());
  }
}

function toText(document: StateDocument): string {
  return `${JSON.stringify(document, null, 1)}\n`;
}

/** Two runs at once would start each export twice. The lock has the id of its process: that of a killed run is taken over. */
async function lockStateFile(path: string): Promise<() => Promise<void>> {
  const lockPath = `${path}.lock`;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const file = await open(lockPath, 'wx', 0o600);
      await file.writeFile(String(process.pid)).finally(() => file.close());
      return () => rm(lockPath, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = Number(await readFile(lockPath, 'utf8').catch(() => ''));
      if (owner !== 0 && isRunning(owner)) {
        throw new OperatorError(`The process ${owner} uses ${path}. If it is no featuregraph, delete ${lockPath}.`);
      }
      await rm(lockPath, { force: true });
    }
  }
  throw new OperatorError(`Another process uses ${path}. If there is none, delete ${lockPath}.`);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: a process of another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
