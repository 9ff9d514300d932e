# Where the image is pushed to, before the service is made (docs/google-cloud.md).
resource "google_artifact_registry_repository" "images" {
  repository_id = "featuregraph"
  location      = var.region
  format        = "DOCKER"
  depends_on    = [google_project_service.api]
}

resource "google_cloud_run_v2_service" "gateway" {
  name     = "featuregraph"
  location = var.region
  # Reached from inside the project only, until you put a login in front.
  ingress = "INGRESS_TRAFFIC_INTERNAL_ONLY"

  template {
    service_account = google_service_account.gateway.email
    # A bucket can be mounted in this one only.
    execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
    # Subscriptions are requests that last: Cloud Run ends a request at this age, and clients reconnect.
    timeout = "3600s"
    scaling {
      min_instance_count = 1
      max_instance_count = 4
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
      env {
        name  = "FEATUREGRAPH_GRAPHIQL"
        value = "false"
      }
      env {
        name  = "FEATUREGRAPH_SHUTDOWN_DELAY_MS"
        value = "3000"
      }
      resources {
        # Jobs and schedules go on between requests.
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
        failure_threshold = 60
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
  # Without its roles the gateway would not become ready, and the apply would fail.
  depends_on = [
    google_project_iam_member.bigquery_jobs,
    google_bigquery_dataset_iam_member.features,
    google_bigtable_table_iam_member.values,
    google_bigtable_gc_policy.values,
    google_bigtable_app_profile.gateway,
    google_storage_bucket_iam_member.files,
  ]
}
