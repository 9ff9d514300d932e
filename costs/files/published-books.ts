import classic from '../books/classic.json' with { type: 'json' };
import googleUsCentral1 from '../books/google-us-central1.json' with { type: 'json' };
import thisMachine from '../books/this-machine.json' with { type: 'json' };

/** The books that come with featuregraph. Imported, so that the compiled gateway has them wherever it is put. */
export const PUBLISHED_BOOKS: readonly unknown[] = [classic, googleUsCentral1, thisMachine];
