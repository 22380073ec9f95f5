"""How a command says that it cannot do what was asked: one line, and an exit code for programs.

0 done, 1 refused or failed, 2 wrong usage, 3 a service cannot be reached.
"""

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


class Commands(TyperGroup):
    """A group of commands whose expected failures end in one line on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command asked for."""
        try:
            return super().invoke(ctx)
        except NotStarted as failure:
            typer.echo(f"leadstream: {failure}", err=True)
            raise typer.Exit(failure.exit_code) from None
        except CommandFailed as failure:
            typer.echo(f"leadstream: {' '.join(str(failure).split())}", err=True)
            raise typer.Exit(failure.exit_code) from None
