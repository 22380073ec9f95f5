"""Names that are still there after the power has failed."""

import os
from pathlib import Path


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
