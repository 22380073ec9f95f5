"""The services as the generators see them: built with default settings, connected to nothing."""

from functools import cache
from importlib import import_module

from pydantic import SecretStr

from shared.runtime.service import Service
from shared.runtime.settings import SERVICES, Settings
from shared.tokens import MIN_KEY_CHARACTERS


@cache
def built(name: str) -> Service:
    """One service, wired up and not started. What the environment says does not reach the documents."""
    fields = Settings.model_fields.items()
    defaults = {key: field.get_default(call_default_factory=True) for key, field in fields}
    settings = Settings(**defaults | {"signing_key": SecretStr("x" * MIN_KEY_CHARACTERS)})
    made = import_module(f"services.{name}.app").build(settings)
    service: Service = made[0] if isinstance(made, tuple) else made
    return service


def readers(event_type: str) -> list[str]:
    """The services that consume an event type, in the order events travel."""
    return [name for name in SERVICES if event_type in built(name).definition.reads]
