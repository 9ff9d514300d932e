# The service account of the gateway, with the fewest permissions; docs/google-cloud.md gives the reason for each.
resource "google_service_account" "gateway" {
  account_id   = "featuregraph"
  display_name = "featuregraph gateway"
}

locals {
  gateway = "serviceAccount:${google_service_account.gateway.email}"
}

resource "google_project_iam_custom_role" "vertex" {
  role_id     = "featuregraphVertex"
  title       = "featuregraph on Vertex AI"
  description = "Reading and syncing feature views and batch prediction, and nothing that deploys, deletes or trains."
  permissions = [
    "aiplatform.batchPredictionJobs.cancel",
    "aiplatform.batchPredictionJobs.create",
    "aiplatform.batchPredictionJobs.get",
    "aiplatform.batchPredictionJobs.list",
    "aiplatform.featureGroups.get",
    "aiplatform.featureGroups.list",
    "aiplatform.featureOnlineStores.get",
    "aiplatform.featureOnlineStores.list",
    "aiplatform.featureViewSyncs.get",
    "aiplatform.featureViewSyncs.list",
    "aiplatform.featureViews.fetchFeatureValues",
    "aiplatform.featureViews.get",
    "aiplatform.featureViews.list",
    "aiplatform.featureViews.sync",
    "aiplatform.features.list",
    "aiplatform.models.get",
  ]
}

resource "google_project_iam_member" "vertex" {
  project = var.project
  role    = google_project_iam_custom_role.vertex.id
  member  = local.gateway
}

resource "google_project_iam_member" "bigquery_jobs" {
  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = local.gateway
}

resource "google_bigquery_dataset_iam_member" "features" {
  dataset_id = google_bigquery_dataset.features.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = local.gateway
}

resource "google_bigtable_table_iam_member" "values" {
  instance_name = google_bigtable_instance.online.name
  table         = google_bigtable_table.values.name
  role          = "roles/bigtable.user"
  member        = local.gateway
}

resource "google_bigtable_table_iam_member" "jobs" {
  instance_name = google_bigtable_instance.online.name
  table         = google_bigtable_table.jobs.name
  role          = "roles/bigtable.user"
  member        = local.gateway
}

# `featuregraph doctor` reads the app profile, which belongs to the instance and not to the table. This grants no access to
# data.
resource "google_bigtable_instance_iam_member" "look" {
  instance = google_bigtable_instance.online.name
  role     = "roles/bigtable.viewer"
  member   = local.gateway
}

resource "google_storage_bucket_iam_member" "files" {
  bucket = google_storage_bucket.files.name
  role   = "roles/storage.objectUser"
  member = local.gateway
}
