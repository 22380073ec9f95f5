"""What a service sends as a file: to stdout, or under a name that is there only once the file is whole."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cli.errors import Refused, writing
from cli.options import STDOUT
from cli.output import note


def save(content: Iterable[bytes], output: Path | None) -> None:
    """Write to this file, and say so, or to stdout for none and for `-`. Raises Refused when it cannot be written."""
    if output is None or output == STDOUT:
        with writing():
            _copy(content, sys.stdout.buffer)
        return
    try:
        with _target(output) as target:
            _copy(content, target)
    except OSError as error:
        raise Refused(f"cannot write {output}: {error.strerror or error}") from None
    note(f"wrote {output}")


def _copy(content: Iterable[bytes], target: BinaryIO) -> None:
    for chunk in content:
        target.write(chunk)
    target.flush()


@contextmanager
def _target(output: Path) -> Iterator[BinaryIO]:
    """Where it goes. A file gets its name when all of it is there; a pipe or a device stays what it is."""
    if output.exists() and not output.is_file():
        with output.open("wb") as stream:
            yield stream
        return
    file = Path(os.path.realpath(output))  # a link stays one
    part = file.with_name(file.name + ".part")
    with part.open("wb") as stream:
        try:
            yield stream
            stream.flush()
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
