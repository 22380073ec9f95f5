"""Secrets by name: a file of the secrets folder, else an environment variable LEADSTREAM_SECRET_NAME.

Configurations live in the log, which is never erased; so they name a secret and never hold one.
"""

import os
import re
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def secret(name: str, folder: Path | None) -> str:
    """The secret of this name. Raises LookupError, saying where it was looked for."""
    if not _NAME.fullmatch(name):
        raise LookupError(f"{name[:40]!r} is not the name of a secret: letters, digits, '_', '.', '-'")
    if folder is not None and (folder / name).is_file():
        return (folder / name).read_text(encoding="utf-8").strip()
    variable = "LEADSTREAM_SECRET_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
    if variable in os.environ:
        return os.environ[variable]
    raise LookupError(f"secret {name!r} is neither a file in {folder or 'LEADSTREAM_SECRETS_FOLDER'} nor in {variable}")
