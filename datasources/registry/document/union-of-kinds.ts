import { z } from 'zod';

/** A union with one shape per kind of store, discriminated by `kind`. */
export function unionOfKinds<Shape extends z.ZodObject>(shapes: Readonly<Record<string, Shape>>) {
  const [first, ...others] = Object.values(shapes);
  return z.discriminatedUnion('kind', [first!, ...others]);
}
