# docker buildx bake -f docker-bake.hcl [GROUP|TARGET...]
#
# The option -f is needed: without it bake merges this file with docker-compose.yaml. `--load` puts the images into the engine,
# `--push` into REGISTRY. `--print` shows what would be built.

# "ghcr.io/owner/" with the slash; empty: no registry
variable "REGISTRY" {
  default = ""
}

# of the standard images; those without a shell are tagged "TAG-distroless", or "distroless" if it is "latest"
variable "TAG" {
  default = "latest"
}

variable "VERSION" {
  default = "1.0.0"
}

variable "SERVICES" {
  default = ["gateway", "events", "payments", "notifications"]
}

# what a cluster needs
group "default" {
  targets = ["standard", "tools"]
}

group "all" {
  targets = ["standard", "distroless", "dev", "tools"]
}

target "_common" {
  context    = "."
  dockerfile = "services/Dockerfile"
  args       = { VERSION = VERSION }
}

target "standard" {
  inherits = ["_common"]
  matrix   = { name = concat(SERVICES, ["migrations"]) }
  name     = name
  target   = name
  tags     = ["${REGISTRY}quickticket-${name}:${TAG}"]
}

target "tools" {
  inherits = ["_common"]
  matrix   = { name = ["backup", "loadgen", "sre"] }
  name     = name
  target   = name
  tags     = ["${REGISTRY}quickticket-${name}:${TAG}"]
}

target "distroless" {
  inherits = ["_common"]
  matrix   = { name = concat(SERVICES, ["migrations"]) }
  name     = "${name}-distroless"
  target   = "${name}-distroless"
  tags     = [TAG == "latest" ? "${REGISTRY}quickticket-${name}:distroless" : "${REGISTRY}quickticket-${name}:${TAG}-distroless"]
}

target "dev" {
  inherits = ["_common"]
  matrix   = { name = SERVICES }
  name     = "${name}-dev"
  target   = "${name}-dev"
  tags     = ["quickticket-${name}:dev"]
}
