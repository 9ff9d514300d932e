variable "project" {
  description = "The id of the project that everything is made in."
  type        = string
}

variable "region" {
  description = "Where Vertex AI, Bigtable, BigQuery and the gateway run. One region: traffic between regions costs money and milliseconds, and Vertex AI refuses inputs of another region."
  type        = string
  default     = "us-central1"
}

variable "zone" {
  description = "The zone of the Bigtable cluster, in the region."
  type        = string
  default     = "us-central1-b"
}

variable "image" {
  description = "The gateway's image, by digest where it matters."
  type        = string
}

variable "registry_bucket_path" {
  description = "The folder in the bucket that holds registry.yaml and authentication.yaml."
  type        = string
  default     = "registry"
}

variable "ingress" {
  description = "From where the gateway is reached. INGRESS_TRAFFIC_INTERNAL_ONLY: from the project's networks, and not by `gcloud run services proxy`."
  type        = string
  default     = "INGRESS_TRAFFIC_ALL"
}

variable "invokers" {
  description = "Who may ask the gateway, such as user:ada@example.com or serviceAccount:app@my-project.iam.gserviceaccount.com."
  type        = list(string)
  default     = []
  validation {
    condition     = !contains(var.invokers, "allUsers") && !contains(var.invokers, "allAuthenticatedUsers")
    error_message = "The gateway has no login yet: whoever may invoke it may ask and start anything."
  }
}
