# The offline store: the whole history of values. It has one table per source; the gateway creates it at its start, or your
# pipelines do.
resource "google_bigquery_dataset" "features" {
  dataset_id  = "features"
  location    = var.region
  description = "Feature values, all history. featuregraph reads it as of any moment."
  # The gateway creates tables in it that Terraform does not know; without this, a dataset with tables is not deleted.
  # As below, this lets `terraform destroy` delete everything. Leave it off where data matters.
  delete_contents_on_destroy = true
  depends_on                 = [google_project_service.api]
}

# The online store: the newest values. One node costs money as long as it exists, with or without reads (docs/google-cloud.md).
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

# Bigtable deletes a version that BOTH rules match: every version but the newest, after a day and an hour of margin. So the
# registry's versionRetentionSeconds can be up to a day. With the age rule alone, Bigtable would delete a value that did not
# change for that long, although it is the newest. Without a policy, a row grows until it cannot be read.
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

# The jobs, budgets and schedules of several gateways (docs/several-gateways.md). Their cells have the time 0, so a rule by
# age would delete all of them.
resource "google_bigtable_table" "jobs" {
  name                = "jobs"
  instance_name       = google_bigtable_instance.online.name
  deletion_protection = "UNPROTECTED"
  column_family {
    family = "j"
  }
}

resource "google_bigtable_gc_policy" "jobs" {
  instance_name = google_bigtable_instance.online.name
  table         = google_bigtable_table.jobs.name
  column_family = "j"
  gc_rules = jsonencode({
    rules = [{ max_version = 1 }]
  })
}

# Single-cluster routing: Bigtable refuses conditional writes without it. They ensure that an older value never replaces a
# newer one.
resource "google_bigtable_app_profile" "gateway" {
  instance       = google_bigtable_instance.online.name
  app_profile_id = "featuregraph"
  # Without this, Bigtable refuses to delete a profile, because requests that name it would fail.
  ignore_warnings = true
  single_cluster_routing {
    cluster_id                 = "featuregraph-1"
    allow_transactional_writes = true
  }
}

# The bucket for the registry and for the inputs and outputs of batch prediction.
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
