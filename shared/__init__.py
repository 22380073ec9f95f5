"""The contract between the services: ids, events, subjects. Pure here; the machinery is in `shared.runtime`."""
