"""The settings an ASYNC step is done by, and whether they can be used. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from services.dispatcher.state import Batch, Config, State, Step
from shared.entities import Entity
from shared.ids import named_id


def config_of(state: State, batch: Batch, step: Mapping[str, Any]) -> dict[str, Any] | None:
    """Those by (client, workflow, workstream) and the name that the step wants, with the batch's own over them.

    None where there are none.
    """
    found = state.configs.get((batch.client_id, step["workflow"], batch.workstream, step["configuration"]))
    return effective(found, batch.config.get(step["workflow"]))


def effective(config: Config | None, own: dict[str, Any] | None) -> dict[str, Any] | None:
    """A client's settings with the batch's `own` over them, as `SETTINGS` in SQL; None where there are neither."""
    if config is None or config.removed:
        return own
    return config.config | (own or {})


def problem(batch: Batch, workflow: str, config: dict[str, Any] | None) -> str | None:
    """Why no step can be done by these settings; None where it can."""
    if config is None:
        return not_configured(workflow, batch.workstream, batch.client_id)
    days = config.get("freshness_days")
    if days is None or _is_days(days):
        return None
    return f"freshness_days of workflow {workflow} is {days!r:.80}: it has to be a number of days"


def not_configured(workflow: str, workstream: str, client_id: str) -> str:
    """What is said where there are no settings at all, and what to do."""
    return (
        f"no configuration for workflow {workflow} of workstream {workstream} for client {client_id}; set one with "
        f"`leadstream config set -w {workstream}`, then `leadstream batch retry BATCH --code CONFIGURATION`"
    )


def price_of(step: Mapping[str, Any], config: Mapping[str, Any] | None) -> float:
    """What a call costs: what the settings say, else what the registry said at launch."""
    told = (config or {}).get("credits")
    return float(told) if isinstance(told, int | float) and told >= 0 else float(step["credits"])


def told_credits(credits_: float) -> float:
    """Credits as people are told them: tenths do not add up exactly."""
    return round(credits_, 6)


def webhook_id(url: str) -> str:
    """The id of a webhook: the URL itself is a secret, and stays out of events that only count."""
    return named_id("wh", url)


def webhook_of(config: Mapping[str, Any]) -> str | None:
    """The id of the webhook that these settings name."""
    url = config.get("webhook_url")
    return webhook_id(str(url)) if url else None


def is_skipped(step: Step, fields: Mapping[str, Any]) -> bool:
    """Whether an item has all the fields already that make it skip this step of its blueprint."""
    return bool(step["unless"]) and all(fields.get(name) not in (None, "", [], {}) for name in step["unless"])


def terms_of_reuse(state: State, batch: Batch, entity: Entity, workflow: str, config: dict[str, Any]) -> dict[str, Any]:
    """How old an answer may be: what came since the batch was launched is never too old for it, whoever asked for it,
    nor is what it asked for itself, whatever the clocks of two machines say.
    """
    claim = state.claims.get((entity.entity_id, workflow))
    if claim is None or claim.answered_at is None:
        return config
    asked = state.dispatches.get(claim.dispatch_id or "")
    its_own = asked is not None and asked.status == "ANSWERED" and asked.batch_id == batch.batch_id
    return {} if its_own or claim.answered_at >= batch.launched_at else config


def _is_days(value: Any) -> bool:
    try:
        timedelta(days=float(value))
    except (TypeError, ValueError, OverflowError):
        return False
    return True
