"""How a command says that it cannot do what was asked: one line, and an exit code for programs.

0 done, 1 refused or failed, 2 wrong usage, 3 a service cannot be reached.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup


class CommandFailed(Exception):
    """Ends the command. The message is one line: what is wrong, where, what to do."""

    exit_code: ClassVar[int] = 1


class Refused(CommandFailed):
    """The request was understood and cannot be done; `code` and `status` are the service's, if any."""

    def __init__(self, message: str, code: str = "refused", status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class Misused(CommandFailed):
    """The command was given something it cannot understand."""

    exit_code = 2


class Unreachable(CommandFailed):
    """A service does not answer at all."""

    exit_code = 3

    def __init__(self, service: str, url: str, detail: str = "", source: str = "") -> None:
        why = f": {detail}" if detail else ""
        whence = f"the address is {source}; " if source else ""
        super().__init__(
            f"cannot reach service {service} at {url}{why} ({whence}is it running? start with `leadstream up`)"
        )


class InDoubt(CommandFailed):
    """A command was sent and not answered."""

    exit_code = 3

    def __init__(self, service: str, url: str, detail: str) -> None:
        super().__init__(
            f"service {service} at {url} did not answer ({detail}): the command may have been done. Before giving it "
            "again, look with what lists it, such as `leadstream client list`, `config get`, `uploads` or `status`"
        )


class ServerAway(CommandFailed):
    """A server that a command works on directly cannot be reached, or went away."""

    exit_code = 3

    def __init__(self, server: str, detail: object) -> None:
        super().__init__(f"{server} cannot be used: {detail} (`leadstream doctor` says what runs)")


class NotStarted(CommandFailed):
    """A server or service did not come up; the message is what it said last, in as many lines as it took."""


@contextmanager
def writing() -> Iterator[None]:
    """Around writing to standard output. Raises Refused where it takes no more, and ends where nobody reads it."""
    try:
        yield
    except OSError as error:
        with suppress(OSError):  # what is left of it has nowhere to go, and is not to be tried again at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            sys.exit(1)
        raise Refused(f"cannot write to standard output: {error.strerror or error}") from None


class Commands(TyperGroup):
    """A group of commands whose expected failures end in one line on stderr and an exit code."""

    def main(self, *args: Any, **named: Any) -> Any:
        """Run the command asked for."""
        try:
            if sys.stdout is None:
                raise Refused("standard output is closed; send it to /dev/null where nobody is to read it")
            try:
                return super().main(*args, **named)
            except OSError:
                with writing():  # help and tables are written by others: was it standard output that took no more?
                    sys.stdout.write("\n")
                    sys.stdout.flush()
                raise
            finally:
                with writing():
                    sys.stdout.flush()
        except NotStarted as failure:
            typer.echo(f"leadstream: {failure}", err=True)
            sys.exit(failure.exit_code)
        except CommandFailed as failure:
            typer.echo(f"leadstream: {' '.join(str(failure).split())}", err=True)
            sys.exit(failure.exit_code)
