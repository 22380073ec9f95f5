"""What Clay answers: the payload for a submission, from a folder of answers or made up.

The same submission always gets the same made-up answer; the folder's answers are handed out unchanged.
"""

import logging
from itertools import cycle
from pathlib import Path
from typing import Any, Protocol

import orjson

from simulator.companies import CompanyMaker
from simulator.people import PersonMaker, email
from simulator.settings import SimulatorSettings
from simulator.submission import Kind, Submission, host_of, slug_of

Payload = dict[str, Any]

log = logging.getLogger("simulator")

ENVELOPES: dict[Kind, str] = {
    "company": "raw_clay_company_enriched_payload",
    "person": "raw_clay_person_enriched_payload",
    "email": "raw_payload",
}


class UnusableAnswers(ValueError):
    """A folder of answers that cannot be used; the message names the file."""


class Answers(Protocol):
    """Whatever knows the payload for a submission."""

    def payload(self, asked: Submission) -> Payload:
        """The provider's answer, without our ids."""


class MadeUpAnswers:
    """Answers in the shape of Clay's own, derived from nothing but the submission and the date."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._company = CompanyMaker(settings.as_of)
        self._person = PersonMaker(settings.as_of)

    def payload(self, asked: Submission) -> Payload:
        """A company, a person with jobs, or an e-mail, as asked."""
        if asked.kind == "company":
            return self._company.answer(asked)
        return self._person.answer(asked) if asked.kind == "person" else email(asked)


class FolderAnswers:
    """Answers from files, matched by domain or LinkedIn URL, else in turn; made up for kinds it lacks."""

    def __init__(self, folder: Path, otherwise: Answers) -> None:
        self._otherwise = otherwise
        found = read_folder(folder)
        people = [answer for answer in found if "experience" in answer]
        companies = [answer for answer in found if "experience" not in answer]
        self._matches: dict[tuple[Kind, str], Payload] = {}
        self._matches |= {("person", key): answer for answer in people for key in _keys(answer)}
        self._matches |= {("company", key): answer for answer in companies for key in _keys(answer)}
        self._turns = {
            kind: cycle(answers) for kind, answers in (("person", people), ("company", companies)) if answers
        }

    def payload(self, asked: Submission) -> Payload:
        """The answer that is about the submission's entity, else the next one of its kind."""
        for key in _asked_keys(asked):
            if key and (match := self._matches.get((asked.kind, key))):
                return match
        turn = self._turns.get(asked.kind)
        return next(turn) if turn else self._otherwise.payload(asked)


def answers_for(settings: SimulatorSettings) -> Answers:
    """The answers that the settings ask for. Raises UnusableAnswers."""
    made_up = MadeUpAnswers(settings)
    return FolderAnswers(settings.answers, made_up) if settings.answers else made_up


def body(asked: Submission, payload: Payload, flat: bool) -> bytes:
    """The callback's JSON: our ids, which win over Clay's own, and the payload beside or below them."""
    ids = asked.ids()
    return orjson.dumps({**payload, **ids} if flat else {**ids, ENVELOPES[asked.kind]: payload})


def read_folder(folder: Path) -> list[Payload]:
    """Every answer of a folder: an object per `*.json` file, an object per line of `*.jsonl`.

    A `*.json` file with a list is something else, and left out. Raises UnusableAnswers.
    """
    if not folder.is_dir():
        raise UnusableAnswers(f"{folder} is not a folder")
    files = ((path.name, _read(path)) for path in sorted(folder.glob("*.json")))
    answers = [_object(name, text) for name, text in files if not _is_list(name, text)]
    for path in sorted(folder.glob("*.jsonl")):
        lines = enumerate(_read(path).splitlines(), 1)
        answers += [_object(f"{path.name}, line {number}", line) for number, line in lines if line.strip()]
    if not answers:
        raise UnusableAnswers(f"{folder} has no answers")
    return answers


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableAnswers(f"{path}: {error.strerror or error}") from error


def _is_list(name: str, text: bytes) -> bool:
    if found := text.lstrip().startswith(b"["):
        log.warning("%s is a list, not an answer: left out", name)
    return found


def _object(place: str, text: bytes) -> Payload:
    try:
        answer = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnusableAnswers(f"{place}: {error}") from error
    if not isinstance(answer, dict):
        raise UnusableAnswers(f"{place}: an answer is a JSON object")
    return answer


def _keys(answer: Payload) -> list[str]:
    url, slug, domain = (str(answer.get(name) or "") for name in ("url", "slug", "domain"))
    return [key for key in (slug_of(url), slug.lower(), host_of(domain)) if key]


def _asked_keys(asked: Submission) -> tuple[str, ...]:
    slug = slug_of(asked.linkedin)
    return (asked.domain, slug) if asked.kind == "company" else (slug,)
