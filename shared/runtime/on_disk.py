"""Files that one process holds, and names that are still there after the power has failed."""

import fcntl
import os
from pathlib import Path
from typing import IO, Any


def lock(file: IO[Any]) -> bool:
    """Hold a file for as long as it is open, here or in a process that inherits it; whether nobody holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def renamed(whole: Path, path: Path) -> None:
    """Give what is whole, and on disk, its name there, in the place of what has it now."""
    whole.replace(path)
    synced(path.parent)


def synced(path: Path) -> None:
    """Put a file, or the names in a folder, on disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
