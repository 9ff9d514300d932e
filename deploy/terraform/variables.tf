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
  description = "The folder in the bucket that holds registry.yaml."
  type        = string
  default     = "registry"
}
