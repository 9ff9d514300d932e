import { turns } from '../../runtime/turns.js';
import { fill, isPromise, type Pending, type Written } from './write-fields.js';

/** Items between two looks at the clock: other requests are served while a long list is written. */
const ITEMS_PER_CHECK = 64;

/** Writes the items of a list, in turns of the event loop. */
export function writeList(length: number, writeItem: (index: number) => Pending): Pending {
  const texts: Pending[] = new Array<Pending>(length);
  const open: number[] = [];
  /** One of them may fail while nobody waits for it: before the end of the list, or after an item that failed at once. */
  const ignoreFailures = (): void => {
    for (const index of open) (texts[index] as Promise<Written>).catch(() => undefined);
  };
  const writeFrom = (start: number): Pending => {
    for (let index = start; index < length; index += 1) {
      if (index > start && index % ITEMS_PER_CHECK === 0) {
        const turn = turns.take();
        if (turn) {
          ignoreFailures();
          return turn.then(() => writeFrom(index));
        }
      }
      try {
        const part = writeItem(index);
        texts[index] = part;
        if (isPromise(part)) open.push(index);
      } catch (error) {
        ignoreFailures();
        throw error;
      }
    }
    return open.length === 0 ? join(texts) : fill(texts, open, () => join(texts));
  };
  return writeFrom(0);
}

function join(texts: readonly Pending[]): string {
  let text = '[';
  for (let index = 0; index < texts.length; index += 1) {
    if (index > 0) text += ',';
    text += (texts[index] as Written) ?? 'null';
  }
  return `${text}]`;
}
