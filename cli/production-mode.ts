/**
 * graphql-js checks every type it meets for a second copy of itself, unless NODE_ENV is production; that is a tenth of
 * the work of a request. Must be imported before anything that imports graphql. Nothing of ours looks at NODE_ENV.
 */
process.env.NODE_ENV ??= 'production';
