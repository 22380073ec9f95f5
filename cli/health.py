"""How each service says that it is, asked of its health port; None for one that does not answer."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import httpx

from cli.addresses import Endpoint

TIMEOUT: Final = httpx.Timeout(3.0)
Health = dict[str, Any]


def health(places: Mapping[str, Endpoint]) -> dict[str, Health | None]:
    """What every service answers at /health/ready, by service."""
    return dict(zip(places, answers(f"{place.url}/health/ready" for place in places.values()), strict=True))


def answers(urls: Iterable[str]) -> list[Health | None]:
    """What each health endpoint says, also one that is not well; None where that is no JSON object."""
    with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
        return [_answer(client, url) for url in urls]


def _answer(client: httpx.Client, url: str) -> Health | None:
    try:
        told = client.get(url).json()
    except (httpx.HTTPError, ValueError):
        return None
    return told if isinstance(told, dict) else None
