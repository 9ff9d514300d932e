import { open, type FileHandle } from 'node:fs/promises';

const BUFFER_CHARACTERS = 1024 * 1024;

/**
 * A file of lines while it is written. Adding is cheap and uses at most one buffer; `drain` writes when the buffer is
 * full. Without a line, there is no file.
 */
export class PartFile {
  #buffered: string[] = [];
  #bufferedCharacters = 0;
  #characters = 0;
  #lines = 0;

  #handle: FileHandle | null = null;

  constructor(readonly path: string) {}

  get lines(): number {
    return this.#lines;
  }

  get characters(): number {
    return this.#characters;
  }

  add(line: string): void {
    this.#buffered.push(line, '\n');
    this.#bufferedCharacters += line.length + 1;
    this.#characters += line.length + 1;
    this.#lines += 1;
  }

  async drain(): Promise<void> {
    if (this.#bufferedCharacters >= BUFFER_CHARACTERS) await this.#write();
  }

  /** Everything is on disk when this resolves. */
  async finish(): Promise<void> {
    await this.#write();
    await this.#handle?.sync();
    await this.#handle?.close();
  }

  async drop(): Promise<void> {
    await this.#handle?.close();
  }

  async #write(): Promise<void> {
    if (this.#buffered.length === 0) return;
    this.#handle ??= await open(this.path, 'w');
    await this.#handle.writeFile(this.#buffered.join(''));
    this.#buffered = [];
    this.#bufferedCharacters = 0;
  }
}
