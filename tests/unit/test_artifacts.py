"""Files that are received: what a process that was killed left of one."""

import os
import time
from pathlib import Path

from services.ingest.app import build
from shared.runtime.settings import Settings


async def test_what_was_left_of_a_file_a_day_ago_goes_when_a_replica_starts(tmp_path: Path) -> None:
    day = 86_400
    for name, age in (("receiving-left", day + 60), ("receiving-now", day - 60), ("kept", 9 * day)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, time.time() - age))
    for folder in (tmp_path, tmp_path / "none"):
        for task in build(Settings(artifacts=folder)).beside:
            await task()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "receiving-now"]
