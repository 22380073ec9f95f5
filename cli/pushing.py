"""Leads to a webhook: parcels of JSON, one after the other, each until it is taken."""

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import httpx

from cli.errors import Refused

PARCEL: Final = 100
TRIES: Final = 6
LONGEST_SECONDS: Final = 60.0
Lead = dict[str, Any]


def push(
    http: httpx.Client, url: str, pages: Iterable[Sequence[Lead]], sleep: Callable[[float], None] = time.sleep
) -> int:
    """POST `{"leads": [...]}` for every hundred leads; how many were taken.

    Each parcel has an `Idempotency-Key` that follows from its leads, so that one sent again can be told. 429, 5xx and
    lost connections are tried again, later each time; raises Refused for anything else, and after the last try.
    """
    taken = 0
    for page in pages:
        for first in range(0, len(page), PARCEL):
            parcel = page[first : first + PARCEL]
            _deliver(http, url, parcel, taken, sleep)
            taken += len(parcel)
    return taken


def _deliver(http: httpx.Client, url: str, parcel: Sequence[Lead], taken: int, sleep: Callable[[float], None]) -> None:
    said = " ".join(f"{lead['lead_id']} {lead.get('projected_at')}" for lead in parcel)
    headers = {"Idempotency-Key": hashlib.sha256(said.encode()).hexdigest()}
    for attempt in range(1, TRIES + 1):
        try:
            answer = http.post(url, json={"leads": list(parcel)}, headers=headers)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Refused(f"{url!r} is no address of a webhook: {error}") from None
        except httpx.TransportError as error:
            reason, wait = str(error) or type(error).__name__, 2.0**attempt
        else:
            if answer.is_success:
                return
            reason, told = f"it answered {answer.status_code}", answer.headers.get("retry-after", "")
            if answer.status_code != 429 and answer.status_code < 500:
                break
            wait = float(told) if told.isdigit() else 2.0**attempt
        if attempt < TRIES:
            sleep(min(wait, LONGEST_SECONDS))
    raise Refused(f"the webhook has taken {taken} leads and no more: {reason}")
