"""What a route of ingest asks for by the type of a parameter: the commands, and who gives one under which key."""

from typing import Annotated

from fastapi import Depends, Header, Request

from services.ingest.handlers import Command, Handlers
from shared.runtime.http import Asking


async def _handlers(request: Request) -> Handlers:
    handlers: Handlers = request.app.state.handlers
    return handlers


async def _command(caller: Asking, idempotency_key: Annotated[str | None, Header(max_length=200)] = None) -> Command:
    return Command(caller, idempotency_key)


Commands = Annotated[Handlers, Depends(_handlers)]
Asked = Annotated[Command, Depends(_command)]
