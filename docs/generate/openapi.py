"""docs/api/: each service's HTTP API as OpenAPI, as the service itself serves it at /openapi.json."""

import json

from docs.generate.services import built


def document(service: str) -> str:
    """The OpenAPI document of one service."""
    return json.dumps(built(service).http.openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
