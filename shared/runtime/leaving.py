"""The last step of leaving a server: bounded, and never what ends a process."""

import asyncio
from collections.abc import Awaitable
from typing import Final

LEAVING_SECONDS: Final = 2.0


async def leave(step: Awaitable[object]) -> None:
    """Take the step, for a while. Whatever goes wrong: the server drops what it no longer hears of.

    A NATS client whose server is away raises all sorts of errors when it is closed, its transport's own among them.
    """
    try:
        async with asyncio.timeout(LEAVING_SECONDS):
            await step
    except Exception:  # noqa: BLE001
        return
