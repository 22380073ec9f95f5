"""The main job, start to end, on real servers that are gone afterwards."""

import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typer

from cli.api import listed
from cli.campaign import Campaign
from cli.errors import Refused
from cli.progress import is_over, watch
from cli.stack import Stack
from cli.stack_identity import keeping_in
from cli.uploading import workstream_of

SAMPLE: Final = Path(__file__).resolve().parent.parent / "samples" / "apollo_people.csv"
SHOWN: Final = ("person_full_name", "person_title", "company_name", "company_domain")
PATIENCE_SECONDS: Final = 1_800.0
ITEMS_PAGE: Final = 1000


@dataclass(frozen=True)
class Chosen:
    """Which list, of which kind, what the simulator answers; without a file or a number of rows the sample."""

    file: Path | None
    workstream: str | None
    rows: int | None
    answers: Path | None


def run(chosen: Chosen, keep: Path | None, as_json: bool) -> bool:
    """Run it, say what came of it, and whether that was all of it. Raises CommandFailed where it cannot go on."""
    say = _silent if as_json else _say
    with _folder(keep) as folder:
        try:
            result, leads = _run(folder, chosen, say)
        except TimeoutError as error:
            raise Refused(f"the demo stopped: {error}") from None
    if as_json:
        typer.echo(json.dumps(result, default=str))
    else:
        _show(result, leads)
    return _successful(result)


def _run(folder: Path, chosen: Chosen, say: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    source = chosen.file or (_generated(folder, chosen.rows) if chosen.rows else SAMPLE)
    workstream = workstream_of(source, chosen.workstream)
    _check_answers(chosen.answers)
    environment = {"LEADSTREAM_SIMULATOR_ANSWERS": str(chosen.answers.resolve())} if chosen.answers else {}
    with Stack(folder, environment=environment, say=say).running() as stack:
        campaign = Campaign(stack.urls)
        campaign.set_up(workstream)
        say(f"uploading {source.name} to {workstream}")
        upload = campaign.upload(source, workstream)
        _explain(upload, say)
        _make_room(campaign, upload["rows"], workstream, say)
        steps = campaign.steps(workstream, upload["mapping"])
        say(f"launching {' > '.join(steps)}")
        launched = campaign.launch(upload["upload_id"], steps)
        batch = _watch(campaign, launched["batch_id"], say)
        failures = _failures(campaign, batch)
        for reason, count in failures.items():
            say(f"failed: {count} x {reason}")
        leads = _leads(campaign, batch)
        say("verifying: folding the log afresh and comparing every table, the stream and the hash chain")
        return _result(stack, batch, leads, _seconds(batch)) | {"failures": failures}, leads


def _check_answers(folder: Path | None) -> None:
    """Before anything starts: the simulator would only say in its log why it does not. Raises Refused."""
    from simulator.answers import UnusableAnswers, read_folder

    try:
        if folder:
            read_folder(folder)
    except UnusableAnswers as error:
        raise Refused(f"--answers: {error}") from None


def _seconds(batch: dict[str, Any]) -> float:
    """From the launch to the end of the last item, by the log's own times: polling adds nothing to it."""
    launched, ended = (datetime.fromisoformat(batch[name]) for name in ("launched_at", "ended_at"))
    return (ended - launched).total_seconds()


def _generated(folder: Path, rows: int) -> Path:
    from simulator.sample_list import write_list

    with keeping_in(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_list(folder / f"{rows}-people.csv", rows)
    return folder / f"{rows}-people.csv"


def _explain(upload: dict[str, Any], say: Any) -> None:
    say(
        f"{upload['rows']} rows staged; {len(upload['mapping'])} columns used, "
        f"{len(upload['unmapped'])} kept as they are"
    )
    for warning in upload["warnings"]:
        say(f"note: {warning}")
    if upload["bad_row_count"]:
        say(f"{upload['bad_row_count']} rows cannot become items:")
        for bad in upload["bad_rows"][:5]:
            say(f"  row {bad['row']}: {bad['reason']}")


def _make_room(campaign: Campaign, rows: int, workstream: str, say: Any) -> None:
    """A list may ask for more than one webhook of Clay takes: the simulator's take them all."""
    from services.dispatcher.webhooks import Limits

    if rows > (taken := Limits().submissions):
        say(f"note: a webhook of Clay takes {taken:,} submissions in its life; here each takes {rows:,}")
        campaign.make_room(rows, workstream)


def _failures(campaign: Campaign, batch: dict[str, Any]) -> dict[str, int]:
    """Why items failed, and how many; the commonest reasons first."""
    if not batch["failed"]:
        return {}
    path, rows = f"/v1/batches/{batch['batch_id']}/items", listed("row", "after_row")
    failed, _ = campaign.api.pages("sequencer", path, rows, ITEMS_PAGE, status="failed")
    return dict(Counter(item["reason"] for item in failed).most_common(5))


def _watch(campaign: Campaign, batch_id: str, say: Any) -> dict[str, Any]:
    if say is _silent or not sys.stdout.isatty():
        return campaign.wait(batch_id, PATIENCE_SECONDS, every=0.25)
    from rich.console import Console

    batch = watch(lambda: campaign.seen(batch_id), Console())
    if not is_over(batch):
        raise Refused(f"batch {batch_id} is paused")
    return batch


def _leads(campaign: Campaign, batch: dict[str, Any]) -> list[dict[str, Any]]:
    """The batch's leads, once the projector has them all."""
    deadline = time.monotonic() + 60
    while True:
        leads = campaign.leads(batch["batch_id"])
        if len(leads) == batch["items"] or time.monotonic() > deadline:
            return leads
        time.sleep(0.05)


def _result(stack: Stack, batch: dict[str, Any], leads: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    import httpx

    from cli.checks import check

    calls = httpx.get(stack.urls["simulator"] + "/ledger", timeout=60, trust_env=False).json()
    report = asyncio.run(check(stack.admin_url, stack.nats.url("service")))
    return {
        "items": batch["items"],
        "leads": len(leads),
        "companies": len({lead["company_id"] for lead in leads if lead["company_id"]}),
        "people": len({lead["person_id"] for lead in leads if lead["person_id"]}),
        "company_calls": sum(1 for call in calls if call.get("company_id")),
        "person_calls": sum(1 for call in calls if call.get("person_id")),
        "events": report["stream"]["log"],
        "failed": batch["failed"],
        "seconds": round(seconds, 3),
        "items_per_second": round(batch["items"] / seconds, 1),
        "verify": report,
    }


def _successful(result: dict[str, Any]) -> bool:
    """Every item ended, in a lead or for a reason that was told, and nothing differs."""
    return bool(result["leads"] == result["items"] > 0 and result["verify"]["identical"])


def _show(result: dict[str, Any], leads: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(title=f"final_leads: the first {min(10, len(leads))} of {len(leads)}")
    for name in SHOWN:  # no long cell takes the room of the other columns
        table.add_column(name, overflow="ellipsis", no_wrap=True, max_width=console.width // len(SHOWN))
    for lead in leads[:10]:
        table.add_row(*(Text(str(lead.get(name) or "")) for name in SHOWN))
    console.print(table)
    console.print(
        f"{result['items']} items, {result['leads']} leads, {result['failed']} failed, "
        f"{result['company_calls']} company calls for {result['companies']} companies, "
        f"{result['person_calls']} person calls for {result['people']} people, {result['events']} events, "
        f"{result['seconds']} s, {result['items_per_second']} items/s"
    )
    verdict = "identical: the state follows from the log, row by row" if result["verify"]["identical"] else "DIFFERENT"
    console.print(f"verify: {verdict}")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="leadstream-demo-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _say(line: str) -> None:
    typer.echo(f"  {line}")


def _silent(line: str) -> None:
    """Nothing."""
