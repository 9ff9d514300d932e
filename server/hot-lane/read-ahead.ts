import { isNonNullType } from 'graphql';
import type { ByteWriter } from '../../runtime/byte-writer.js';
import type { ReadTexts, ReadTogether } from '../../schema/read-together.js';
import type { WriteOfObject, WriteText } from '../../schema/write-text.js';
import type { ArgumentsOf } from './argument-plan.js';

import type { Path, PlanRun } from './plan-run.js';
import type { MakeInfo, PlannedField } from './planned-field.js';
import { failWith, type FieldPlan, type FieldRead, type ReadAhead, type WriteAhead, type Written } from './written.js';

const NULL = Buffer.from('null');

/** Makes the read of the fields of a group for all objects of a list. */
export type AheadOf = (fields: readonly FieldPlan[]) => ReadAhead;

/** Fields that are read with others. */
export function readTogetherAhead({ readTexts }: ReadTogether): AheadOf {
  return (fields) => {
    const items = fields.map(({ together }) => together!.how.item);
    return (run, sources) => {
      const writersOf = (texts: ReadTexts): WriteAhead[] =>
        fields.map(({ together }, place) => (index, path, to) => {
          together!.read.writeTo(run, { texts, index, place, path }, to);
        });
      return readTexts(sources, items, run.context).then(writersOf, (error: unknown) => writersOf(failWith(error)));
    };
  };
}

/** A field that was read with others, as a text and as bytes. */
export function fieldRead({ definition, nodes, complete }: PlannedField, infoOf: MakeInfo): FieldRead {
  const isNonNull = isNonNullType(definition.type);
  const nullFor = (run: PlanRun, error: unknown, path: Path | undefined): null =>
    run.nullFor(error, nodes, infoOf(run, path).path, isNonNull);
  const completeNull = (run: PlanRun, path: Path | undefined): Written => {
    if (!isNonNull) return null;
    const info = infoOf(run, path);
    return complete(run, null, info.path, info) as Written;
  };
  return {
    text: (run, { texts, index, place, path }) => {
      try {
        const text = texts.text(index, place);
        if (text === null) return completeNull(run, path);
        return run.isTooLarge ? 'null' : run.written(text);
      } catch (error) {
        return nullFor(run, error, path);
      }
    },
    writeTo: (run, { texts, index, place, path }, to) => {
      try {
        if (!texts.write(index, place, to)) to.text(completeNull(run, path) ?? 'null');
      } catch (error) {
        nullFor(run, error, path);
        to.bytes(NULL);
      }
    },
  };
}

/** A field that writes its value by itself. */
export function readTextAhead(
  { number, definition, nodes }: PlannedField,
  writeAll: NonNullable<WriteText['all']>,
  { argumentsOf, infoOf }: { readonly argumentsOf: ArgumentsOf; readonly infoOf: MakeInfo },
): AheadOf {
  const isNonNull = isNonNullType(definition.type);
  return () => async (run, sources) => {
    let write: WriteOfObject;
    try {
      write = await writeAll(sources, run.argumentsOf(number, argumentsOf), run.context);
    } catch (error) {
      write = () => {
        throw error;
      };
    }
    const writeAhead = (index: number, path: Path, to: ByteWriter): void => {
      const start = to.length;
      try {
        write(index, to);
      } catch (error) {
        to.truncate(start);
        run.nullFor(error, nodes, infoOf(run, path).path, isNonNull);
        to.bytes(NULL);
      }
    };
    return [writeAhead];
  };
}
