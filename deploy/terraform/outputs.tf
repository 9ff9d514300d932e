output "url" {
  description = "Where the gateway listens, for those who may invoke it."
  value       = google_cloud_run_v2_service.gateway.uri
}

output "repository" {
  description = "Where the image is pushed to."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "bucket" {
  description = "Where registry.yaml goes, and what batch prediction writes."
  value       = google_storage_bucket.files.name
}
