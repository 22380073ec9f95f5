"""Where received files are kept byte for byte: a folder, with keys that always start with the tenant.

They are read in threads of their own: what waits for its turn there keeps no other work waiting.
"""

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from shared.runtime import clock
from shared.runtime.on_disk import renamed

T = TypeVar("T")
RECEIVING: Final = "receiving-"
LEFT_SECONDS: Final = 86_400  # nobody is still there who has received nothing more for so long
_READERS: Final = ThreadPoolExecutor(8, thread_name_prefix="files")


class TooLarge(ValueError):
    """The upload has more bytes than LEADSTREAM_UPLOAD_MAX_BYTES allows."""


async def read(work: Callable[..., T], *arguments: Any) -> T:
    """What `work` comes to, in a thread for files."""
    return await asyncio.get_running_loop().run_in_executor(_READERS, partial(work, *arguments))


def import_key(tenant_id: str, upload_id: str, filename: str, day: date) -> str:
    """`{tenant}/imports/{YYYY-MM-DD}/{import_id}_{filename}`, lower case, 256 characters at most."""
    safe = re.sub(r"[^a-z0-9._-]+", "-", Path(filename).name.lower()).strip("-.") or "upload"
    return f"{tenant_id}/imports/{day.isoformat()}/{upload_id}_".lower() + safe[-120:]


async def receive(folder: Path, chunks: AsyncIterator[bytes], max_bytes: int) -> tuple[Path, int, str]:
    """Write a body to a temporary file as it comes; its path, length and SHA-256. Raises TooLarge."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - one system call
    digest, length = hashlib.sha256(), 0
    descriptor, name = tempfile.mkstemp(prefix=RECEIVING, dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            async for chunk in chunks:
                length += len(chunk)
                if length > max_bytes:
                    raise TooLarge(
                        f"the file has more than {max_bytes} bytes; split it, or raise LEADSTREAM_UPLOAD_MAX_BYTES"
                    )
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)  # noqa: ASYNC240 - one system call
        raise
    return Path(name), length, digest.hexdigest()


async def remove_left(folder: Path) -> None:
    """Remove what processes that were killed have received a part of; what others receive now stays."""
    await asyncio.to_thread(_remove, folder, clock.now().timestamp() - LEFT_SECONDS)


def _remove(folder: Path, before: float) -> None:
    for path in folder.glob(f"{RECEIVING}*"):
        with suppress(OSError):  # another replica removes the same
            if path.stat().st_mtime < before:
                path.unlink()


def keep(folder: Path, received: Path, key: str) -> Path:
    """Move a received file to its key, durably."""
    target = folder / key
    target.parent.mkdir(parents=True, exist_ok=True)
    renamed(received, target)
    return target
