import classic from '../books/classic.json' with { type: 'json' };
import googleAsiaSoutheast1 from '../books/google-asia-southeast1.json' with { type: 'json' };
import googleEuropeWest1 from '../books/google-europe-west1.json' with { type: 'json' };
import googleSouthamericaEast1 from '../books/google-southamerica-east1.json' with { type: 'json' };
import googleUsCentral1 from '../books/google-us-central1.json' with { type: 'json' };
import googleUs from '../books/google-us.json' with { type: 'json' };
import thisMachine from '../books/this-machine.json' with { type: 'json' };

/** The price books of featuregraph. They are imported, so that the compiled gateway contains them in any location. */
export const PUBLISHED_BOOKS: readonly unknown[] = [
  classic,
  googleUsCentral1,
  googleUs,
  googleEuropeWest1,
  googleAsiaSoutheast1,
  googleSouthamericaEast1,
  thisMachine,
];
