"""Steps as people write them: slugs, and beside them which configuration a step uses and when it is skipped."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from cli.errors import Misused

Use = Annotated[
    list[str] | None,
    typer.Option("--use", metavar="STEP=NAME", help="Do a step by the client's configuration of that name."),
]
Unless = Annotated[
    list[str] | None,
    typer.Option("--unless", metavar="STEP=FIELD,...", help="Skip a step for items that have all these fields."),
]


def steps_with(
    slugs: Sequence[str], use: Iterable[str] | None = None, unless: Iterable[str] | None = None
) -> list[dict[str, Any]]:
    """The steps with their options, as the APIs want them. Raises Misused for an option of a step that is none."""
    steps: dict[str, dict[str, Any]] = {slug: {"workflow": slug} for slug in slugs}
    for slug, name in _pairs("--use", use, steps):
        steps[slug]["configuration"] = name
    for slug, fields in _pairs("--unless", unless, steps):
        steps[slug]["unless"] = [field.strip() for field in fields.split(",") if field.strip()]
    return [dict(steps[slug]) for slug in slugs]


def _pairs(option: str, pairs: Iterable[str] | None, steps: Iterable[str]) -> Iterable[tuple[str, str]]:
    known = list(steps)
    for pair in pairs or ():
        slug, separator, value = (part.strip() for part in pair.partition("="))
        if not separator or not value:
            raise Misused(f"{option} {pair!r}: write STEP=VALUE, for example {option} enrich_email=...")
        if slug not in known:
            raise Misused(f"{option} {pair!r}: {slug} is no step here; the steps are: {', '.join(known)}")
        yield slug, value
