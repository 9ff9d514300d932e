import type { ByteWriter } from '../../runtime/byte-writer.js';
import { turns } from '../../runtime/turns.js';
import type { PlanRun } from './plan-run.js';
import { fill, isPromise, type Pending, type Written } from './written.js';

/** Items between two looks at the clock: other requests are served while a long list is written. */
const ITEMS_PER_CHECK = 64;

/** Writes the items of a list, in turns of the event loop. */
export function writeList(length: number, writeItem: (index: number) => Pending): Pending {
  /** Texts of items, and of some items together. */
  const texts: Pending[] = [];
  /** The indexes in `texts` of what is still to come. */
  const open: number[] = [];
  /** One of them may fail before it is waited for: before the end of the list, or after an item that failed at once. */
  const ignoreFailures = (): void => {
    for (const index of open) (texts[index] as Promise<Written>).catch(() => undefined);
  };
  const writeFrom = (start: number): Pending => {
    let firstText = texts.length;
    for (let index = start; index < length; index += 1) {
      if (index > start && index % ITEMS_PER_CHECK === 0) {
        if (open.length === 0 || open.at(-1)! < firstText) joinFrom(texts, firstText);
        firstText = texts.length;
        const turn = turns.take();
        if (turn) {
          ignoreFailures();
          return turn.then(() => writeFrom(index));
        }
      }
      try {
        const part = writeItem(index);
        if (isPromise(part)) open.push(texts.length);
        texts.push(part);
      } catch (error) {
        ignoreFailures();
        throw error;
      }
    }
    return open.length === 0 ? join(texts) : fill(texts, open, () => join(texts));
  };
  return writeFrom(0);
}

/**
 * The same for items that are written as bytes. `writeItem` gives a promise, and writes nothing, for an item that has to be waited
 * for.
 */
export function writeBytesOfList(
  run: PlanRun,
  length: number,
  writeItem: (index: number, to: ByteWriter) => Promise<Written> | undefined,
): Pending {
  /** What some items are written as, one after the other, and single items that are still to come. */
  const texts: Pending[] = ['['];
  const open: number[] = [];
  /** One of them may fail before it is waited for. */
  const ignoreFailures = (): void => {
    for (const index of open) (texts[index] as Promise<Written>).catch(() => undefined);
  };
  /** What follows is not sent. */
  const isOver = (): boolean => run.isTooLarge;
  const writeFrom = (start: number): Pending => {
    let next = start;
    try {
      while (next < length && !isOver()) {
        const turn = next > start ? turns.take() : undefined;
        if (turn) {
          ignoreFailures();
          return turn.then(() => writeFrom(next));
        }
        const end = Math.min(next + ITEMS_PER_CHECK, length);
        while (next < end && !isOver()) {
          const later: Promise<Written>[] = [];
          const text = run.json((to) => {
            for (; next < end && later.length === 0 && !to.isFull; next += 1) {
              if (next > 0) to.bytes(COMMA);
              const item = writeItem(next, to);
              if (item) later.push(item);
            }
          });
          texts.push(text);
          for (const item of later) open.push(texts.push(item) - 1);
        }
      }
    } catch (error) {
      ignoreFailures();
      throw error;
    }
    const end = (): string => `${texts.map((text) => (text as Written) ?? 'null').join('')}]`;
    return open.length === 0 ? end() : fill(texts, open, end);
  };
  return writeFrom(0);
}

const COMMA = Buffer.from(',');

/**
 * Puts one text in place of those from an index on. The pieces of ten thousand items would all be in memory to the end of the list,
 * and the garbage collector would copy them again and again.
 */
function joinFrom(texts: Pending[], start: number): void {
  const items = texts.splice(start) as Written[];
  texts.push(items.map((text) => text ?? 'null').join(','));
}

function join(texts: readonly Pending[]): string {
  let text = '[';
  for (let index = 0; index < texts.length; index += 1) {
    if (index > 0) text += ',';
    text += (texts[index] as Written) ?? 'null';
  }
  return `${text}]`;
}
