"""The simulator's answers have the shape of Clay's, repeat, and come from a folder when there is one."""

from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from simulator.answers import answers_for, body
from simulator.fate import Dice, TokenBucket
from simulator.settings import KnobRefused, SimulatorSettings
from simulator.submission import NotAnObject, Submission, host_of, kind_of, read, slug_of

PERSON = {
    "item_id": "item_1",
    "person_id": "person_1",
    "company_id": "company_1",
    "first_name": "Ödön",
    "last_name": "Quillby",
    "company_name": "Brightforge",
    "company_domain": "http://www.brightforge-17.example",
    "linkedin_url": "http://www.linkedin.com/in/odon-quillby/",
}
COMPANY = {"item_id": "item_1", "company_id": "company_1", "company_domain": "brightforge-17.example"}


def asked(fields: dict[str, Any], path: str = "/webhook/w") -> Submission:
    return read(path, orjson.dumps(fields))


def payload(fields: dict[str, Any], **knobs: Any) -> dict[str, Any]:
    return answers_for(SimulatorSettings(**knobs)).payload(asked(fields))


def test_a_person_currently_works_at_the_submitted_company() -> None:
    answer = payload(PERSON)
    assert (answer["name"], answer["slug"]) == ("Ödön Quillby", "odon-quillby")
    current = [job for job in answer["experience"] if job["is_current"]]
    assert [job["company_domain"] for job in current] == ["brightforge-17.example"]
    assert answer["latest_experience"] == current[0]
    assert answer["jobs_count"] == len(answer["experience"]) > 1
    assert "email" not in answer


def test_earlier_jobs_end_before_the_current_one_begins() -> None:
    for number in range(200):
        jobs = payload(PERSON | {"linkedin_url": f"https://linkedin.com/in/p{number}"})["experience"]
        assert [job["start_date"] for job in jobs] == sorted((j["start_date"] for j in jobs), reverse=True)
        assert all(job["end_date"] <= jobs[0]["start_date"] for job in jobs[1:])


def test_a_company_has_what_the_projection_reads() -> None:
    answer = payload(COMPANY)
    assert answer["domain"] == "brightforge-17.example"
    assert [place["is_primary"] for place in answer["locations"]] == [False, True]
    assert answer["derived_datapoints"]["industry"]
    assert isinstance(answer["company_id"], int)
    assert answer["last_refresh"] <= "2026-03-01T99"


def test_the_same_submission_gets_the_same_answer_and_another_entity_another() -> None:
    assert payload(PERSON) == payload(PERSON)
    assert payload(COMPANY) != payload(COMPANY | {"company_domain": "other.example"})


def test_answers_are_as_recent_as_the_settings_say() -> None:
    assert payload(COMPANY, as_of=date(2030, 2, 1))["last_refresh"].startswith(("2030-01", "2030-02"))


def test_an_email_search_is_answered_with_an_email() -> None:
    answer = payload(PERSON | {"workflow": "enrich_email"})
    assert answer["email"] == "ödön.quillby@brightforge-17.example"


@pytest.mark.parametrize(
    ("path", "fields", "kind"),
    [
        ("/webhook/x", {"person_id": "p", "company_id": "c"}, "person"),
        ("/webhook/person", {"company_id": "c"}, "company"),
        ("/webhook/enrich-person", {}, "person"),
        ("/webhook/enrich-company", {}, "company"),
        ("/webhook/x", {"workflow": "enrich_email", "person_id": "p"}, "email"),
    ],
)
def test_the_kind_is_told_by_ids_then_by_path(path: str, fields: dict[str, Any], kind: str) -> None:
    assert kind_of(path, fields) == kind


def test_our_ids_are_beside_the_payload_or_win_over_clays_own() -> None:
    nested = orjson.loads(body(asked(COMPANY), {"company_id": 7, "name": "B"}, flat=False))
    flat = orjson.loads(body(asked(COMPANY), {"company_id": 7, "name": "B"}, flat=True))
    ids = {"item_id": "item_1", "company_id": "company_1"}
    assert nested == {**ids, "raw_clay_company_enriched_payload": {"company_id": 7, "name": "B"}}
    assert flat == {**ids, "name": "B"}


def test_a_folder_answers_by_domain_and_profile_then_in_turn(tmp_path: Path) -> None:
    lines = [{"name": name, "domain": f"{name}.example"} for name in ("a", "b")]
    (tmp_path / "companies.jsonl").write_bytes(b"\n".join(map(orjson.dumps, lines)) + b"\n\n")
    person = {"name": "P", "url": "https://www.linkedin.com/in/odon-quillby", "experience": []}
    (tmp_path / "person.json").write_bytes(orjson.dumps(person))
    answers = answers_for(SimulatorSettings(answers=tmp_path))
    assert answers.payload(asked({"company_id": "1", "domain": "https://www.b.example/x"}))["name"] == "b"
    assert answers.payload(asked(PERSON)) == person
    assert [answers.payload(asked(COMPANY))["name"] for _ in range(3)] == ["a", "b", "a"]


def test_a_folder_without_companies_leaves_them_to_be_made_up(tmp_path: Path) -> None:
    (tmp_path / "person.json").write_text('{"experience": []}')
    assert payload(COMPANY, answers=tmp_path)["domain"] == "brightforge-17.example"


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{", "bad.json"), ("7", "JSON object"), ("[{}]", "no answers"), (None, "no answers")],
)
def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path, text: str | None, reason: str) -> None:
    if text:
        (tmp_path / "bad.json").write_text(text)
    with pytest.raises(ValueError, match=reason):
        answers_for(SimulatorSettings(answers=tmp_path))


@pytest.mark.parametrize("text", [b"", b"{", b"[1]", b"null"])
def test_a_submission_is_a_json_object(text: bytes) -> None:
    with pytest.raises(NotAnObject):
        read("/webhook/x", text)


def test_domains_and_profiles_are_read_from_urls() -> None:
    assert host_of("https://WWW.Brightforge.example/about?x=1") == "brightforge.example"
    assert slug_of("https://www.linkedin.com/in/Ada-Quillby/?trk=x") == "ada-quillby"


def test_the_same_seed_draws_the_same_fates_and_shares_are_kept() -> None:
    knobs = SimulatorSettings(loss=0.2, duplicate=0.1, malformed=0.05, status_429=0.1, jitter_ms=100)
    first, second, other = ([dice.roll(knobs) for _ in range(2000)] for dice in (Dice(1), Dice(1), Dice(2)))
    assert first == second != other
    assert 340 < sum(fate.lost for fate in first) < 460
    assert 150 < sum(len(fate.delays) == 2 for fate in first) < 250


def test_one_knob_changes_nothing_that_others_draw() -> None:
    calm, rough = SimulatorSettings(loss=0.2), SimulatorSettings(loss=0.2, duplicate=1, status_5xx=0.5)
    lost = [[dice.roll(knobs).lost for _ in range(500)] for dice, knobs in ((Dice(1), calm), (Dice(1), rough))]
    assert lost[0] == lost[1]


def test_a_bucket_lets_a_burst_pass_and_then_the_rate() -> None:
    bucket = TokenBucket(rate=10, burst=2)
    assert [bucket.wait(100.0) for _ in range(3)] == [0, 0, pytest.approx(0.1)]
    assert bucket.wait(100.11) == 0
    assert TokenBucket(rate=0, burst=1).wait(0) == 0


@pytest.mark.parametrize("knobs", [{"loss": 2}, {"losss": 0.1}, {"port": 1}, {"shapes": "round"}])
def test_a_knob_that_cannot_be_is_named(knobs: dict[str, Any]) -> None:
    with pytest.raises(KnobRefused) as refused:
        SimulatorSettings().changed(knobs)
    assert refused.value.knob == next(iter(knobs))


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADSTREAM_SIMULATOR_LOSS", "0.25")
    assert SimulatorSettings().loss == 0.25
    assert SimulatorSettings().changed({"loss": 0.5}).loss == 0.5
