import {
  GraphQLID,
  GraphQLString,
  isInputObjectType,
  isListType,
  isNonNullType,
  type GraphQLInputObjectType,
  type GraphQLInputType,
} from 'graphql';

/** Stands for a value that is not of its type. */
export const NOT_OF_TYPE = Symbol('not of its type');

export type CoerceInput = (value: unknown) => unknown;

/**
 * Coerces input values as coerceInputValue of graphql-js does, by one function for each type. It says only that a value
 * is not of its type, and not why. graphql-js asks for each value what its type is, keeps its path, and makes objects
 * without a prototype, which are slow: that took a third of a large write. A list or an object whose values stay as they
 * are is that of the client, and no copy: nothing changes variables.
 */
export class InputCoercion {
  readonly #ofObjects = new Map<GraphQLInputObjectType, CoerceInput>();

  of(type: GraphQLInputType): CoerceInput {
    if (isNonNullType(type)) {
      const coerce = this.#ofNullable(type.ofType);
      return (value) => (value === null || value === undefined ? NOT_OF_TYPE : coerce(value));
    }
    const coerce = this.#ofNullable(type);
    return (value) => (value === null || value === undefined ? null : coerce(value));
  }

  #ofNullable(type: GraphQLInputType): CoerceInput {
    if (isListType(type)) return ofList(this.of(type.ofType));
    if (isInputObjectType(type)) return this.#ofObject(type);
    const leaf = type as { readonly parseValue: (value: unknown) => unknown };
    const parse: CoerceInput = (value) => {
      try {
        const parsed = leaf.parseValue(value);
        return parsed === undefined ? NOT_OF_TYPE : parsed;
      } catch {
        return NOT_OF_TYPE;
      }
    };
    // Both take every text as it is.
    if (type === GraphQLString || type === GraphQLID)
      return (value) => (typeof value === 'string' ? value : parse(value));
    return parse;
  }

  /** An input object may contain itself. */
  #ofObject(type: GraphQLInputObjectType): CoerceInput {
    const known = this.#ofObjects.get(type);
    if (known) return known;
    let coerce: CoerceInput | undefined;
    const coerceLater: CoerceInput = (value) => (coerce ??= this.#compileObject(type))(value);
    this.#ofObjects.set(type, coerceLater);
    return coerceLater;
  }

  #compileObject(type: GraphQLInputObjectType): CoerceInput {
    const fields = Object.values(type.getFields()).map((field) => ({
      name: field.name,
      coerce: this.of(field.type),
      isRequired: isNonNullType(field.type),
      defaultValue: field.defaultValue,
    }));
    return (value) => {
      if (typeof value !== 'object' || Array.isArray(value)) return NOT_OF_TYPE;
      const written = value as Readonly<Record<string, unknown>>;
      // What the client sent, until some field has another value.
      let changed: Record<string, unknown> | undefined;
      let known = 0;
      let set = 0;
      for (let index = 0; index < fields.length; index += 1) {
        const { name, coerce, isRequired, defaultValue } = fields[index]!;
        const given = written[name];
        let result = defaultValue;
        if (given === undefined) {
          if (defaultValue === undefined) {
            if (isRequired) return NOT_OF_TYPE;
            continue;
          }
        } else {
          result = coerce(given);
          if (result === NOT_OF_TYPE || (type.isOneOf && result === null)) return NOT_OF_TYPE;
          known += 1;
        }
        if (changed === undefined && result !== given) changed = copyFields(written, fields, index);
        if (changed !== undefined) changed[name] = result;
        set += 1;
      }
      // A name that the type does not have.
      if (countKeys(written) !== known) return NOT_OF_TYPE;
      return type.isOneOf && set !== 1 ? NOT_OF_TYPE : (changed ?? written);
    };
  }
}

/** A list of the names, as Object.keys makes it, was a twentieth of what a large write allocated. */
function countKeys(written: Readonly<Record<string, unknown>>): number {
  let count = 0;
  for (const key in written) if (Object.hasOwn(written, key)) count += 1;
  return count;
}

function copyFields(
  written: Readonly<Record<string, unknown>>,
  fields: readonly { readonly name: string }[],
  count: number,
): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (let index = 0; index < count; index += 1) {
    const { name } = fields[index]!;
    if (written[name] !== undefined) copy[name] = written[name];
  }
  return copy;
}

/** A value that is no list stands for a list of one. */
function ofList(coerce: CoerceInput): CoerceInput {
  return (value) => {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    let changed: unknown[] | undefined;
    for (let index = 0; index < items.length; index += 1) {
      const item = coerce(items[index]);
      if (item === NOT_OF_TYPE) return NOT_OF_TYPE;
      if (changed === undefined && item !== items[index]) changed = items.slice(0, index);
      changed?.push(item);
    }
    return changed ?? items;
  };
}
