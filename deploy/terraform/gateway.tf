# The repository for the image. Push the image before the service is created (docs/google-cloud.md).
resource "google_artifact_registry_repository" "images" {
  repository_id = "featuregraph"
  location      = var.region
  format        = "DOCKER"
  depends_on    = [google_project_service.api]
}

resource "google_cloud_run_v2_service" "gateway" {
  name     = "featuregraph"
  location = var.region
  # Version 6 of the provider turns this on by default, and `terraform destroy` then fails. Leave it on in production.
  deletion_protection = false
  # Allows traffic from the internet, which `gcloud run services proxy` needs. IAM allows only the invokers below. The
  # gateway believes the tokens that IAM has checked, so never grant access to allUsers. INGRESS_TRAFFIC_INTERNAL_ONLY also blocks the proxy.
  ingress = var.ingress

  template {
    service_account = google_service_account.gateway.email
    # Only this execution environment can mount a bucket.
    execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
    # Subscriptions are long requests: Cloud Run ends a request at this age, and clients reconnect.
    timeout = "3600s"
    scaling {
      # One instance that ends, for example for an upgrade, gives its jobs to the others.
      min_instance_count = 2
      max_instance_count = 10
    }
    containers {
      image = var.image
      ports {
        container_port = 4000
      }
      env {
        name  = "FEATUREGRAPH_REGISTRY"
        value = "/files/${var.registry_bucket_path}/registry.yaml"
      }
      # The names of the callers, from the tokens that Cloud Run has checked.
      env {
        name  = "FEATUREGRAPH_AUTHENTICATION"
        value = "/files/${var.registry_bucket_path}/authentication.yaml"
      }
      env {
        name  = "FEATUREGRAPH_GRAPHIQL"
        value = "false"
      }
      # All instances share their jobs, budgets and schedules.
      env {
        name  = "FEATUREGRAPH_JOBS_TABLE"
        value = google_bigtable_table.jobs.id
      }
      env {
        name  = "FEATUREGRAPH_JOBS_APP_PROFILE"
        value = google_bigtable_app_profile.gateway.app_profile_id
      }
      # Training sets and files of labels.
      env {
        name  = "FEATUREGRAPH_SHARED_FILES"
        value = "gs://${google_storage_bucket.files.name}/files"
      }
      # Cloud Run ends the process ten seconds after SIGTERM. A stopping instance gets no new requests, so it needs no delay
      # before the stop. Requests get five seconds; jobs and stores get the rest.
      env {
        name  = "FEATUREGRAPH_SHUTDOWN_DELAY_MS"
        value = "0"
      }
      env {
        name  = "FEATUREGRAPH_SHUTDOWN_GRACE_MS"
        value = "5000"
      }
      resources {
        # The CPU stays allocated between requests: otherwise the timers that watch jobs and run schedules would stop.
        cpu_idle = false
        limits = {
          cpu    = "2"
          memory = "2Gi"
        }
      }
      startup_probe {
        http_get {
          path = "/readyz"
        }
        period_seconds    = 2
        failure_threshold = 120
      }
      liveness_probe {
        http_get {
          path = "/healthz"
        }
      }
      volume_mounts {
        name       = "files"
        mount_path = "/files"
      }
    }
    volumes {
      name = "files"
      gcs {
        bucket    = google_storage_bucket.files.name
        read_only = true
      }
    }
  }
  # Without its roles the gateway would not become ready, and `terraform apply` would fail.
  depends_on = [
    google_project_iam_member.bigquery_jobs,
    google_bigquery_dataset_iam_member.features,
    google_bigtable_table_iam_member.values,
    google_bigtable_gc_policy.values,
    google_bigtable_table_iam_member.jobs,
    google_bigtable_gc_policy.jobs,
    google_bigtable_app_profile.gateway,
    google_storage_bucket_iam_member.files,
  ]
}

# The users, groups and service accounts that may call the gateway. Cloud Run rejects all others.
resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = toset(var.invokers)
  name     = google_cloud_run_v2_service.gateway.name
  location = google_cloud_run_v2_service.gateway.location
  role     = "roles/run.invoker"
  member   = each.key
}
