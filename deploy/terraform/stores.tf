# The offline store: all values ever. One table a source, made by the gateway when it starts
# or by your pipelines.
resource "google_bigquery_dataset" "features" {
  dataset_id  = "features"
  location    = var.region
  description = "Feature values, all history. featuregraph reads it as of any moment."
  # The gateway makes tables in it that Terraform does not know, and a dataset with tables is not deleted otherwise.
  # As below: so that `terraform destroy` ends all of it. Leave it off where data matters.
  delete_contents_on_destroy = true
  depends_on                 = [google_project_service.api]
}

# The online store: the newest values. One node costs money as long as it exists, read or not (docs/google-cloud.md).
resource "google_bigtable_instance" "online" {
  name = "featuregraph"
  # Here `terraform destroy` must work; leave it on where data matters.
  deletion_protection = false
  cluster {
    cluster_id   = "featuregraph-1"
    zone         = var.zone
    num_nodes    = 1
    storage_type = "SSD"
  }
  depends_on = [google_project_service.api]
}

resource "google_bigtable_table" "values" {
  name                = "feature_values"
  instance_name       = google_bigtable_instance.online.name
  deletion_protection = "UNPROTECTED"
  column_family {
    family = "f"
  }
}

# Collected is what BOTH rules collect: all but the newest version, once it is older than a day and an hour of margin, so
# that the registry's versionRetentionSeconds can be up to a day. By age alone a value that did not change for that long would
# be deleted while it is still the newest; without a policy a row grows until it cannot be read.
resource "google_bigtable_gc_policy" "values" {
  instance_name = google_bigtable_instance.online.name
  table         = google_bigtable_table.values.name
  column_family = "f"
  gc_rules = jsonencode({
    mode = "intersection"
    rules = [
      { max_version = 1 },
      { max_age = "25h" },
    ]
  })
}

# Single-cluster routing: a conditional write (an older value never replaces a newer one) is refused without it.
resource "google_bigtable_app_profile" "gateway" {
  instance       = google_bigtable_instance.online.name
  app_profile_id = "featuregraph"
  # Bigtable refuses to delete a profile without it, as requests that name the profile would fail.
  ignore_warnings = true
  single_cluster_routing {
    cluster_id                 = "featuregraph-1"
    allow_transactional_writes = true
  }
}

# What batch prediction reads and writes, and the registry.
resource "google_storage_bucket" "files" {
  name                        = "${var.project}-featuregraph"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true
  lifecycle_rule {
    condition {
      age            = 30
      matches_prefix = ["predictions/"]
    }
    action {
      type = "Delete"
    }
  }
  depends_on = [google_project_service.api]
}
