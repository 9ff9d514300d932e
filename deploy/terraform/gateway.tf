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
  # On from version 6 of the provider, and then `terraform destroy` fails. Leave it on where it matters.
  deletion_protection = false
  # From the internet too, `gcloud run services proxy` among it, and by IAM only for those who may invoke it: see below. There
  # is no login yet, so never let allUsers in. INGRESS_TRAFFIC_INTERNAL_ONLY also keeps out the proxy.
  ingress = var.ingress

  template {
    service_account = google_service_account.gateway.email
    # A bucket can be mounted in this one only.
    execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
    # Subscriptions are requests that last: Cloud Run ends a request at this age, and clients reconnect.
    timeout = "3600s"
    scaling {
      min_instance_count = 1
      # An instance knows only the jobs that it started. More of them where nobody starts any.
      max_instance_count = 1
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
      # Cloud Run ends the process ten seconds after SIGTERM. An instance that stops gets no new requests, so there is nothing
      # to wait for before; five seconds for requests, and the rest for jobs and stores.
      env {
        name  = "FEATUREGRAPH_SHUTDOWN_DELAY_MS"
        value = "0"
      }
      env {
        name  = "FEATUREGRAPH_SHUTDOWN_GRACE_MS"
        value = "5000"
      }
      resources {
        # Between requests too: jobs are followed, and schedules kept, by timers that would stand still.
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

# Who may ask: users, groups and service accounts. Nobody else gets past Cloud Run.
resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = toset(var.invokers)
  name     = google_cloud_run_v2_service.gateway.name
  location = google_cloud_run_v2_service.gateway.location
  role     = "roles/run.invoker"
  member   = each.key
}
