import { GraphQLID, GraphQLString, type GraphQLLeafType } from 'graphql';
import { quote, toJson } from '../../values/json-text.js';

/** Writes a value of a scalar or enum as JSON. Throws what graphql-js throws for a value that is none of the type. */
export type WriteLeaf = (value: unknown) => string;

export function leafWriter(type: GraphQLLeafType): WriteLeaf {
  const write: WriteLeaf = (value) => {
    const serialized: unknown = type.serialize(value);
    if (serialized === null || serialized === undefined) {
      throw new Error(`${type.name} has no form of this value`);
    }
    return toJson(serialized);
  };
  // GraphQL's own scalars serialize a text as it is. Most leaves are texts.
  if (type === GraphQLString || type === GraphQLID) {
    return (value) => (typeof value === 'string' ? quote(value) : write(value));
  }
  return rememberingLast(write);
}

/** The values of one row share their time, and most of their status: writing it again would be most of the work of a leaf. */
function rememberingLast(write: WriteLeaf): WriteLeaf {
  let last: unknown;
  let text = '';
  return (value) => {
    // 0 is equal to -0, which a scalar could write in another way.
    if (value !== last || value === 0) {
      text = write(value);
      last = value;
    }
    return text;
  };
}

/** Whether a value can be written as it is: no promise, no function, no object of its own. */
export function isPlain(value: unknown): boolean {
  return value !== undefined && typeof value !== 'object' && typeof value !== 'function';
}
