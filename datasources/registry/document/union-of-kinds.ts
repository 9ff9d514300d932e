import { z } from 'zod';

/** One shape for each kind of store, told apart by `kind`. */
export function unionOfKinds<Shape extends z.ZodObject>(shapes: Readonly<Record<string, Shape>>) {
  const [first, ...others] = Object.values(shapes);
  return z.discriminatedUnion('kind', [first!, ...others]);
}
