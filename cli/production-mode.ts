/**
 * Unless NODE_ENV is production, graphql-js checks every type for a second copy of itself, which takes a tenth of the
 * work of a request. Import this before anything that imports graphql. Our own code does not read NODE_ENV.
 */
process.env.NODE_ENV ??= 'production';
