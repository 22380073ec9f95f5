"""docs/lead-columns.md: which path of an answer, or uploaded field, feeds which column of a lead, and how often."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from services.projector.extractors import company, person
from services.projector.extractors.contact import TABLE as CONTACT
from services.projector.lead import COLUMNS, UPLOADED, VERSION
from shared.enrichment import COMPANY_FIELDS, PERSON_FIELDS, at
from shared.jobs import JOB
from shared.mapping import Column, answer_of, written

SAMPLE: Final = Path(__file__).resolve().parents[2] / "tests" / "data" / "clay"
INTRODUCTION: Final = """\
# What feeds a lead

Written by `make docs` from the projector's tables; `make check` fails when it is not up to date. Mapping {version}.

For a column the paths are tried in the order in which they stand, and the first value that its normaliser takes is the
column's. The newest answer wins column by column, by its `last_refresh` however that is written, else by when it came;
older ones, of other workflows, fill what it leaves, and last those from before the item was known by a surer key; what
no answer says is the upload's. A city and its state come with no other country than their source's, the status of an
address with no other address, and the start of a job with no other employer. A client whose provider answers otherwise
sets `answer_mapping` in the configuration of the workflow, column to path or paths: they are tried after these, and
answers that came before are read again.

*Filled* counts the answers of the sample (`tests/data/clay`) whose value is from that path.
"""
NOTES: Final = """\

`place` is the inferred location of the entry of `locations` with `is_primary` or `is_hq` (or of the only one), else an
object with `city` under `location`, `hq`, `headquarters`, `geo` or `address`, else what the text of `locality` or of
those says, street, postcode and the answer's own country left out, else `city`, `state` and `country` where they are
told one by one; nothing where it is in another country than the answer's. JSON in a string is read. In answers with
keys in another spelling (`Company Name`, `companyName`) the same paths are tried in snake case.

An address is looked for in the answer to a search for one, then in the objects within it, the outer ones first, not in
an employer's. Every other answer about a person is read by the same paths, but for `status`, `result` and
`personal_email`, which nobody asked for there. A status counts only beside its address.

From no path, but from what is known: `person_current_job_start_date` and, where it is missing, `person_title` (the job
the person stands for), `is_new_in_role` and `is_recently_funded` (dates, as of the lead's `reference_date`),
`is_worked_at_customer` (past and present employers of a person, and the client's customer lists, by the surest of
domain, LinkedIn page and name that both are known by), `company_size_bucket` and `person_full_name` where only their
parts are told. Their event, workflow, provider and time are those of the newest source that they follow from. Jobs are
those of all the lists of all answers; of one employer and start, as the newest answer tells it.
"""


def page() -> str:
    """The page."""
    companies, people = _sample(company.answer, "company"), _sample(_person, "person")
    parts = [
        INTRODUCTION.format(version=VERSION),
        _table("A company's answer", company.TABLE, [company.placed(found) for found in companies]),
        _table("A person's answer", person.TABLE, people),
        _table("A job of a person", JOB, []),
        _table("A search for an e-mail address", CONTACT, []),
        _uploads(),
        NOTES,
    ]
    return "\n".join(parts)


def _sample(read: Any, kind: str) -> list[dict[str, Any]]:
    """The answers of this kind in the sample, those inside callback bodies too."""
    raws: list[Any] = []
    for file in sorted(SAMPLE.glob(f"{kind}_*")):
        text = file.read_text("utf-8")
        raws += [json.loads(line) for line in text.splitlines()] if file.suffix == ".jsonl" else [json.loads(text)]
    bodies = json.loads((SAMPLE / "callback_body_variants_synthetic.json").read_text("utf-8"))
    return [found for raw in (*raws, *(case["body"] for case in bodies)) if (found := read(raw))]


def _person(raw: object) -> dict[str, Any]:
    return answer_of(raw, PERSON_FIELDS, COMPANY_FIELDS)


def _table(title: str, table: Sequence[Column], answers: Sequence[Mapping[str, Any]]) -> str:
    head = f"\n## {title}\n\n| column | path | normaliser | filled |\n| --- | --- | --- | --- |\n"
    lines = []
    for line in table:
        fed = Counter(_feeding(line, answer) for answer in answers)
        for number, path in enumerate(map(written, line.paths)):
            name = f"`{line.name}`" if number == 0 else ""
            filled = f"{fed[path]} of {len(answers)}" if answers else ""
            lines.append(f"| {name} | `{path}` | {line.normalise.__name__} | {filled} |\n")
    return head + "".join(lines)


def _feeding(line: Column, answer: Mapping[str, Any]) -> str | None:
    for path in line.paths:
        value = answer.get(path) if isinstance(path, str) else at(answer, path)
        if value is not None and line.normalise(value) is not None:
            return written(path)
    return None


def _uploads() -> str:
    head = "\n## An upload\n\n| column | field of the row | normaliser |\n| --- | --- | --- |\n"
    lines = [
        f"| `{line.name}` | {', '.join(f'`{written(path)}`' for path in line.paths)} | {line.normalise.__name__} |\n"
        for line in sorted(UPLOADED, key=lambda line: COLUMNS.index(line.name))
    ]
    return head + "".join(lines)
