/** A registry with all kinds of jobs: a source with SQL over a file, a feature view, and a model. */
export const JOBS_REGISTRY = `
featurestores:
  - name: shop
    tables: { orders: { file: orders.csv, timeZone: UTC } }
    entityTypes:
      - name: customer
        sources:
          - sql: customer.sql
            features:
              - { name: orders, valueType: INT64 }
              - { name: email, valueType: STRING, sensitivity: PERSONAL }
          - name: written
            features: [{ name: city, valueType: STRING }]
    featureViews:
      - { name: board, entityType: customer, features: [orders, city] }
models:
  - name: risk
    onnx: risk.onnx
    inputs: [{ name: a, valueType: DOUBLE }, { name: b, valueType: DOUBLE }]
    outputs: [{ name: 'y', valueType: DOUBLE }]
  - name: margin
    onnx: risk.onnx
    inputs: [{ name: a, valueType: DOUBLE }, { name: b, valueType: DOUBLE }]
    outputs: [{ name: 'y', valueType: DOUBLE }]
`;

/** Ann and bob may run jobs, and have the same rights: what one of them starts does not exist for the other. */
export const JOBS_POLICY = `
rules:
  - { name: admins do everything about features, who: { groups: [admin] }, allow: [READ, WRITE] }
  - { name: admins apply, who: { groups: [admin] }, allow: [APPLY_REGISTRY, SEE_JOBS, CANCEL_JOBS] }
  - { name: analysts read, who: { groups: [analyst] }, allow: [READ] }
  - { name: analysts start, who: { groups: [analyst] }, allow: [TRAINING_SET, FEATURE_VIEW_SYNC, SOURCE_REFRESH] }
  - { name: analysts predict risk, who: { groups: [analyst] }, allow: [BATCH_PREDICTION], models: [risk] }
  - { name: analysts read inputs, who: { groups: [analyst] }, allow: [READ_FILE], files: ['inputs/*'] }
  - { name: analysts write outputs, who: { groups: [analyst] }, allow: [WRITE_FILE], files: ['outputs/*'] }
  - { name: tenants read their rows, who: { claims: { tenant: ['*'] } }, allow: [READ], entityIds: ['{claims.tenant}:*'] }
`;
