"""What the tests say where they cannot have the servers that were asked for."""

from pathlib import Path

import pytest

from tests.running_servers import without_docker


def test_where_no_docker_engine_answers_it_is_said_and_the_embedded_servers_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    said = without_docker()
    assert said is not None
    assert said.startswith("--containers: no Docker engine answers here (")
    assert said.endswith("so the tests use the embedded servers")
