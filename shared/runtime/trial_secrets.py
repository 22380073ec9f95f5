"""The passwords and the key of docker-compose.yml are public: for a trial on one machine, and for nothing else."""

from collections.abc import Mapping
from typing import Final

import structlog

PREFIX: Final = "trial-"
logger = structlog.get_logger()


def warn_of_trial_secrets(given: Mapping[str, str]) -> None:
    """Say so in the log where secrets, by the names of their variables or users, are those of the trial."""
    if known := sorted(name for name, value in given.items() if value.startswith(PREFIX)):
        logger.warning("EVERYBODY KNOWS THESE SECRETS: change them before real data (deploy/README.md)", secrets=known)
