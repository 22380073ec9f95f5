"""Steps as people write them: slugs, and beside them which configuration a step uses and when it is skipped."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from cli.errors import Misused
from cli.pairs import between_commas, pairs

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
    for slug, name in _of("--use", use, steps):
        steps[slug]["configuration"] = name.strip()
    for slug, fields in _of("--unless", unless, steps):
        steps[slug]["unless"] = between_commas(fields)
    return [dict(steps[slug]) for slug in slugs]


def _of(option: str, told: Iterable[str] | None, steps: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the option says of each step that it names."""
    for slug, value in pairs(option, told, f"STEP=VALUE, for example {option} enrich_email=...", empty=False):
        if slug not in steps:
            raise Misused(f"{option} {slug}=...: {slug} is no step here; the steps are: {', '.join(steps)}")
        yield slug, value
