"""`leadstream reproject`: all leads made anew under the mapping of today, and what that has filled."""

from typing import TYPE_CHECKING, Any, Final

import typer

from cli.errors import Refused
from cli.options import DEFAULT_DATA, AsJson, DataFolder
from cli.output import note, show_json, table

if TYPE_CHECKING:
    from cli.folding import Folds
    from shared.runtime.database import Connection

Filled = dict[str, int]
COLUMNS: Final = {"column": "Column", "before": "Before", "after": "After"}
SERVICE: Final = "projector"


def reproject(
    data: DataFolder = DEFAULT_DATA,
    as_json: AsJson = False,
    every: bool = typer.Option(False, "--all", help="List the columns that did not change, too."),
) -> None:
    """Make every lead anew from the log under today's mapping, and say how many leads have each column now.

    Answers are kept whole, so a new column costs no call. Nothing is sent; the leads there are serve meanwhile.
    Example: leadstream reproject
    """
    import asyncio

    from cli.folding import Folds
    from cli.rebuilding import kept
    from cli.servers import reached, servers_of

    folds = Folds()
    try:
        with reached():
            before, after, undoable = asyncio.run(_made_anew(servers_of(data).database, folds, show=not as_json))
    except KeyboardInterrupt:
        left = "nothing was changed, and the same command goes on from where it was"
        raise Refused(f"stopped; {'all leads were made anew' if folds.verdicts else left}") from None
    names = dict.fromkeys((*after, *before))
    rows = [{"column": name, "before": before.get(name, 0), "after": after.get(name, 0)} for name in names]
    changed = [row for row in rows if every or row["before"] != row["after"]]
    if as_json:
        return show_json({"leads": after["lead_id"], "columns": rows})
    table(COLUMNS, changed, "every column is known of as many leads as before")
    for line in kept({SERVICE: undoable}):
        note(f"{after['lead_id']} leads; {line}")
    return None


async def _made_anew(admin_url: str, folds: "Folds", show: bool) -> tuple[Filled, Filled, bool | None]:
    """What is filled before and after, and whether the tables of before can be brought back."""
    from cli.folding import fold_all
    from shared.runtime.database import connect
    from shared.runtime.projection import rebuild_schema

    async with await connect(admin_url, name="reproject", autocommit=True) as connection:
        before = await _filled(connection)
        schemas = {SERVICE: rebuild_schema(SERVICE)}
        (verdict,) = await fold_all(admin_url, "rebuild", schemas, show=show, folds=folds)
        return before, await _filled(connection), verdict.undoable


async def _filled(connection: "Connection") -> Filled:
    """How many leads have a value in each column."""
    found = await connection.execute(
        "SELECT column_name::text FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = 'final_leads' ORDER BY ordinal_position",
        (SERVICE,),
    )
    names: list[Any] = [name for (name,) in await found.fetchall()]
    if not names:
        raise Refused("there are no leads yet: the projector makes its tables when it is started")
    counts = ", ".join(f'count("{name}")' for name in names)
    row = await (await connection.execute(f"SELECT {counts} FROM {SERVICE}.final_leads")).fetchone()
    return dict(zip(names, row or (), strict=True))
