"""What a service sends as a file: to stdout, or under a name that is there only once the file is whole."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cli.errors import Refused


def save(content: Iterable[bytes], output: Path | None) -> None:
    """Write to this file, or to stdout. Raises Refused when it cannot be written."""
    with _target(output) as target:
        for chunk in content:
            target.write(chunk)
        target.flush()


@contextmanager
def _target(output: Path | None) -> Iterator[BinaryIO]:
    """Where it goes. A file gets its name when all of it is there, and is gone if that fails."""
    if output is None:
        yield sys.stdout.buffer
        return
    part = output.with_name(output.name + ".part")
    try:
        with part.open("wb") as stream:
            yield stream
        part.replace(output)
    except OSError as error:
        raise Refused(f"cannot write {output}: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
