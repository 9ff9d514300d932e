/** The limits of a manifest of trusted documents. docs/limits.md has the table for users. */
export const TRUSTED_DOCUMENT_LIMITS = {
  /** Bytes of the manifest. All documents are in memory, and are parsed at the start. */
  maxManifestBytes: 16_777_216,
  /** Documents of a manifest. Each is validated at the start, and has a time series in the metrics. */
  maxDocuments: 5_000,
  /** Characters of an id: it is a part of URLs, of lines of the audit log and of labels of metrics. */
  maxIdLength: 200,
} as const;
