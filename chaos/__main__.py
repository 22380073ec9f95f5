"""`python -m chaos`: one run, its report, and an exit code: 0 held, 1 violated, 2 not tested."""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from chaos.run import Options, Run
from chaos.schedule import KINDS

EXIT = {"held": 0, "violated": 1, "not tested": 2}


def main() -> None:
    """Run and print."""
    chosen = _arguments()
    options = Options(chosen.seed, chosen.minutes * 60, chosen.rows, chosen.rate, frozenset(chosen.only))
    print(f"SEED={chosen.seed} MINUTES={chosen.minutes:g}", flush=True)
    with tempfile.TemporaryDirectory(prefix="leadstream-chaos-", ignore_cleanup_errors=True) as name:
        folder = chosen.folder or Path(name)
        report = Run(options, folder, lambda line: print(f"  {line}", flush=True)).run()
    if chosen.report:
        chosen.report.write_text(json.dumps(report.as_json(), indent=1, default=str))
    print(report.text())
    sys.exit(EXIT[report.verdict])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description="Break everything; see that nothing is lost.")
    add = parser.add_argument
    add("--seed", type=int, default=random.randrange(10**6), help="draws all faults; default: any")
    add("--minutes", type=float, default=5.0, help="how long faults strike (5)")
    add("--rows", type=int, default=100, help="of each uploaded list (100)")
    add("--rate", type=float, default=30.0, help="items a second that are launched, at most (30)")
    add("--only", action="append", default=[], choices=sorted(KINDS), metavar="KIND", help="only this kind; repeatable")
    add("--folder", type=Path, help="keep data and logs here; default: a temporary folder")
    add("--report", type=Path, help="write the report as JSON into this file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
