import type { ByteWriter } from '../../runtime/byte-writer.js';
import type { Path, PlanRun } from './plan-run.js';
import { writeBytesOfList } from './write-list.js';
import { isPromise, type FieldPlan, type Pending, type Write, type WriteAhead, type Written } from './written.js';

export interface ItemsPosition {
  readonly pathOf: (index: number) => Path;
  /** The item with this index failed: gives null, or throws where null is not allowed. */
  readonly fail: (error: unknown, index: number) => null;
}

/** Writes the objects of a list. */
export type WriteItems = (run: PlanRun, sources: readonly unknown[], position: ItemsPosition) => Pending;

const NULL = Buffer.from('null');
const END = Buffer.from('}');

/**
 * Writes a list of objects whose fields are read ahead: one read for the whole list, one promise instead of some for each
 * object, and bytes instead of texts: to join and to encode the texts was a third of a large answer. undefined: some field may
 * begin other reads, which must join the same tick, so each object is written by itself. `writeAlone` does that.
 */
export function itemsWriter(fields: readonly FieldPlan[], writeAlone: Write): WriteItems | undefined {
  const groups = groupsOf(fields);
  if (groups.length === 0 || !fields.every(({ ahead, isLeaf }) => ahead !== undefined || isLeaf)) return undefined;
  const readsAhead = groups.map((places) => fields[places[0]!]!.ahead!.read(places.map((place) => fields[place]!)));
  const labels = fields.map(({ name }, index) => Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`));

  return (run, sources, { pathOf, fail }) => {
    /** Gives a promise, and writes nothing, if the item has to be waited for. */
    const writeItem = (aheads: readonly WriteAhead[], index: number, to: ByteWriter): Promise<Written> | undefined => {
      const start = to.length;
      const path = pathOf(index);
      try {
        for (let place = 0; place < fields.length; place += 1) {
          to.bytes(labels[place]!);
          const writeAhead = aheads[place];
          if (to.isFull) to.bytes(NULL);
          else if (writeAhead) writeAhead(index, path, to);
          else {
            const part = fields[place]!.write(run, sources[index], path);
            if (isPromise(part)) {
              part.catch(() => undefined);
              to.truncate(start);
              return writeItemAlone(index, path);
            }
            to.text(part ?? 'null');
          }
        }
        to.bytes(END);
      } catch (error) {
        to.truncate(start);
        fail(error, index);
        to.bytes(NULL);
      }
      return undefined;
    };
    /** For a scalar whose resolver gives a promise, as none of an entity does. */
    const writeItemAlone = async (index: number, path: Path): Promise<Written> => {
      try {
        return await writeAlone(run, sources[index], path);
      } catch (error) {
        return fail(error, index);
      }
    };
    return Promise.all(readsAhead.map((readAhead) => readAhead(run, sources))).then((read) => {
      const aheads = new Array<WriteAhead>(fields.length);
      for (const [group, places] of groups.entries()) {
        for (const [at, place] of places.entries()) aheads[place] = read[group]![at]!;
      }
      return writeBytesOfList(run, sources.length, (index, to) => writeItem(aheads, index, to));
    });
  };
}

/** The places of the fields that are read ahead: those of a group have one read. */
function groupsOf(fields: readonly FieldPlan[]): number[][] {
  const groups = Map.groupBy(fields.keys(), (place) => fields[place]!.ahead?.group);
  groups.delete(undefined);
  return [...groups.values()];
}
