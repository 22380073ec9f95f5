"""Whether anything in a batch has failed that a retry or skip is about, as the sequencer sees it."""

from typing import TYPE_CHECKING, Final

from cli.errors import CommandFailed

if TYPE_CHECKING:
    from cli.api import Api
    from shared.events import FailedItemsRetried

PAGE: Final = 1000


def some_fit(api: "Api", batch_id: str, wanted: "FailedItemsRetried") -> bool:
    """Whether a failed item is one of those wanted; also where the sequencer cannot say."""
    after = 0
    try:
        while True:
            query = {"status": "failed", "after_row": after, "limit": PAGE}
            page = api.read("sequencer", f"/v1/batches/{batch_id}/items", **query)
            if any(wanted.fits(item["item_id"], item["workflow"], item["code"]) for item in page):
                return True
            if len(page) < PAGE:
                return False
            after = page[-1]["row"]
    except CommandFailed:
        return True
