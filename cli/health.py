"""How each service says that it is, asked of its health port; None for one that does not answer."""

from collections.abc import Mapping
from typing import Any, Final

import httpx

from cli.addresses import Endpoint

TIMEOUT: Final = httpx.Timeout(3.0)
Health = dict[str, Any]


def health(places: Mapping[str, Endpoint]) -> dict[str, Health | None]:
    """What every service answers at /health/ready, by service."""
    with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
        return {service: _asked(client, place.url) for service, place in places.items()}


def _asked(client: httpx.Client, url: str) -> Health | None:
    try:
        answer = client.get(f"{url}/health/ready").json()
    except (httpx.HTTPError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None
