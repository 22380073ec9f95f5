"""Whether anything in a batch has failed that a retry or skip is about, as the sequencer sees it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cli.errors import CommandFailed

if TYPE_CHECKING:
    from cli.api import Api

PAGE: Final = 1000


def some_fit(api: "Api", batch_id: str, wanted: Mapping[str, Any]) -> bool:
    """Whether a failed item fits everything in `wanted`; also where the sequencer cannot say."""
    after = 0
    try:
        while True:
            query = {"status": "failed", "after_row": after, "limit": PAGE}
            page = api.read("sequencer", f"/v1/batches/{batch_id}/items", **query)
            if any(_fits(item, wanted) for item in page):
                return True
            if len(page) < PAGE:
                return False
            after = page[-1]["row"]
    except CommandFailed:
        return True


def _fits(item: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return bool(
        (not wanted["items"] or item["item_id"] in wanted["items"])
        and (not wanted["workflow"] or item["workflow"] == wanted["workflow"])
        and (not wanted["codes"] or item["code"] in wanted["codes"])
    )
