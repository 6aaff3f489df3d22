"""Bodies: what goes over HTTP, one module a resource; shared by the service and its client."""
