"""What a route of ingest asks for by the type of a parameter: the commands, and who gives one under which key."""

from itertools import chain
from typing import Annotated

from fastapi import Depends, Header, Request

from services.ingest.commands import Command
from services.ingest.handlers import Handlers
from shared.runtime.http import Asking, Problem
from shared.writable import unwritable


async def _handlers(request: Request) -> Handlers:
    handlers: Handlers = request.app.state.handlers
    return handlers


async def _command(caller: Asking, idempotency_key: Annotated[str | None, Header(max_length=200)] = None) -> Command:
    return Command(caller, idempotency_key)


async def writable(request: Request) -> None:
    """Refuses what stands in the address of a request and no event could hold."""
    for text in chain(request.path_params.values(), *request.query_params.multi_items()):
        if wrong := unwritable(text):
            raise Problem(422, "invalid", f"the address cannot be used: {wrong}")


Commands = Annotated[Handlers, Depends(_handlers)]
GivenCommand = Annotated[Command, Depends(_command)]
