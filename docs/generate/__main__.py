"""Write the generated files, or with --check say which of them differ from what the code gives."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from docs.generate import asyncapi, catalogue, configuration, lead_columns, openapi
from shared.runtime.settings import SERVICES

DOCS: Final = Path(__file__).resolve().parents[1]
PAGES: Final[dict[str, Callable[[], str]]] = {
    "events.md": catalogue.page,
    "configuration.md": configuration.page,
    "lead-columns.md": lead_columns.page,
    "asyncapi.json": asyncapi.document,
    **{f"api/{name}.openapi.json": lambda name=name: openapi.document(name) for name in SERVICES},  # type: ignore[misc]
}


def main(arguments: list[str]) -> int:
    """0 when every file is as the code gives it, which without --check it always is afterwards."""
    differing = []
    for name, page in PAGES.items():
        file, wanted = DOCS / name, page()
        if not file.exists() or file.read_text(encoding="utf-8") != wanted:
            differing.append(f"docs/{name}")
            if "--check" not in arguments:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(wanted, encoding="utf-8")
    if "--check" not in arguments:
        print(f"written: {', '.join(differing) or 'nothing, all is as the code has it'}")
        return 0
    if differing:
        print(f"not as the code has it: {', '.join(differing)}\nrun `make docs` and commit what it writes")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
