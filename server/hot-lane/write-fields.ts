import type { Path, PlanRun } from './plan-run.js';
import type { ReadTexts } from '../../schema/read-together.js';
import { failWith, fill, isPromise, type FieldPlan, type Pending, type Write, type Written } from './written.js';

/** Writes the fields of an object: at once, where nothing is waited for. */
export function fieldsWriter(fields: readonly FieldPlan[]): Write {
  const labels = fields.map(({ name }, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
  const writes = fields.map(({ write, together }) => (together ? undefined : write));
  const reads = readsOf(fields);
  // All of them are skipped.
  if (fields.length === 0) return () => '{}';

  /** Goes on from a field, when some texts are still to come. `head` is the text before that field. */
  const writeRest = (run: PlanRun, source: unknown, path: Path | undefined, rest: Rest): Promise<string> => {
    const { texts, open, head, from } = rest;
    try {
      for (let index = rest.next; index < writes.length; index += 1) {
        const part = writes[index]?.(run, source, path) ?? null;
        if (writes[index]) texts[index] = part;
        if (isPromise(part)) open.push(index);
      }
    } catch (error) {
      return fill(texts, open, nothing).finally(() => {
        throw error;
      }) as Promise<never>;
    }
    return fill(texts, open, nothing).then(() => {
      let text = head;
      for (let index = from; index < labels.length; index += 1) {
        text += labels[index]! + ((texts[index] as Written) ?? 'null');
      }
      return `${text}}`;
    });
  };

  if (reads.length > 0) {
    return (run, source, path) => {
      const texts: Pending[] = new Array<Pending>(fields.length);
      // What is read together is written into its own places, and has one more place to be waited for.
      const open = reads.map((read) => texts.push(read(run, source, path, texts)) - 1);
      return writeRest(run, source, path, { texts, open, head: '', from: 0, next: 0 });
    };
  }
  return (run, source, path) => {
    let text = '';
    for (let index = 0; index < writes.length; index += 1) {
      const part = writes[index]!(run, source, path);
      if (isPromise(part)) {
        const texts: Pending[] = new Array<Pending>(fields.length);
        texts[index] = part;
        return writeRest(run, source, path, { texts, open: [index], head: text, from: index, next: index + 1 });
      }
      text += labels[index]! + (part ?? 'null');
    }
    return `${text}}`;
  };
}

interface Rest {
  readonly texts: Pending[];
  /** The indexes of the texts that are still to come. */
  readonly open: number[];
  /** What is written of the object, up to the field `from`. */
  readonly head: string;
  readonly from: number;
  /** The next field to begin. */
  readonly next: number;
}

const nothing = (): void => undefined;

/** Reads fields, and writes them into their places. */
type ReadInto = (run: PlanRun, source: unknown, path: Path | undefined, texts: Pending[]) => Promise<Written>;

/** One call for all fields that have the same function. */
function readsOf(fields: readonly FieldPlan[]): ReadInto[] {
  const groups = Map.groupBy(fields.keys(), (index) => fields[index]!.together?.how.readTexts);
  return [...groups].flatMap(([readTexts, indexes]) => {
    if (!readTexts) return [];
    const items = indexes.map((index) => fields[index]!.together!.how.item);
    return (run, source, path, texts) => {
      const writeAll = (read: ReadTexts): null => {
        for (const [place, index] of indexes.entries()) {
          texts[index] = fields[index]!.together!.read.text(run, { texts: read, index: 0, place, path });
        }
        return null;
      };
      return readTexts([source], items, run.context).then(writeAll, (error: unknown) => writeAll(failWith(error)));
    };
  });
}
