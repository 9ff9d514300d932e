import classic from '../books/classic.json' with { type: 'json' };
import googleUsCentral1 from '../books/google-us-central1.json' with { type: 'json' };
import thisMachine from '../books/this-machine.json' with { type: 'json' };

/** The price books of featuregraph. They are imported, so that the compiled gateway contains them in any location. */
export const PUBLISHED_BOOKS: readonly unknown[] = [classic, googleUsCentral1, thisMachine];
