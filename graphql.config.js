export default { schema: 'schema/schema.graphql', documents: ['test/e2e/**/*.graphql', 'examples/**/*.graphql'] };
