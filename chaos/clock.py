"""Run a command of the product with its clock set off: `python -m chaos.clock SECONDS service dispatcher`.

Only what asks for the time of day is told another one; waiting and measuring go on as before.
"""

import sys
from datetime import UTC, datetime, timedelta

import time_machine


def main() -> None:
    """Run the command line's arguments after the first, which is the number of seconds, forwards or (negative) back."""
    seconds = float(sys.argv.pop(1))
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True):
        from cli.main import main as run

        run()


if __name__ == "__main__":
    main()
