"""How these tests call Docker Compose: with this repository's file and .env.example, whatever else is set."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
_OURS = ("LEADSTREAM_", "COMPOSE_", "POSTGRES_", "NATS_")


def compose(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `docker compose` to its end, whatever that is; `environment` goes over .env.example."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    command = ["docker", "compose", "--file", "docker-compose.yml", "--env-file", ".env.example", *arguments]
    return subprocess.run(command, cwd=ROOT, env=inherited | dict(environment or {}), capture_output=True, text=True)


def answers(*command: str) -> bool:
    """Whether this docker command can be run here."""
    return (
        shutil.which("docker") is not None and not subprocess.run(["docker", *command], capture_output=True).returncode
    )
