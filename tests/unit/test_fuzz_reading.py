"""Reading never raises anything but UnreadableFile: real files, damaged at random. `make fuzz` tries ten thousand."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from services.ingest.files.reading import Limits, UnreadableFile, open_table
from services.ingest.preview import preview
from services.ingest.workstreams import workstreams

EXAMPLES = int(os.environ.get("LEADSTREAM_FUZZ", "100"))
DATA = Path(__file__).parents[1] / "data"
KINDS = ("apollo", "crm", "customers", "salesnav")
FILES = [path.read_bytes()[:3_000] for kind in KINDS for path in sorted(DATA.glob(f"{kind}/*"))]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "utf-32", "cp1252", "mac-roman", "gb18030"]
TOKENS = [b'"', b'""', b"\n", b"\r", b"\r\n", b",", b";", b"\t", b"|", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"'", b"\\",
          b"sep=;\n", b"\n\nTotal: 5\n", b"=1+1", b"\x80", b"\xe9", b"\xd8\x00", b"\n" * 50, b"," * 3_000,
          b"x" * 70_000, b"leadstream_reason,", b"PK\x03\x04", b"<html>", b"[{"]  # fmt: skip
LIMITS = Limits(file_bytes=1 << 20, rows=500, columns=1_000, cell_characters=50_000, unpacked_bytes=1 << 20)
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A file in some encoding, spliced with another, with pieces put in, taken out and doubled."""
    content = draw(st.sampled_from(FILES))
    with suppress(UnicodeError):
        content = content.decode("utf-8", "ignore").encode(draw(st.sampled_from(ENCODINGS)), "ignore")
    if draw(st.booleans()):
        other = draw(st.sampled_from(FILES))
        content = content[: draw(st.integers(0, len(content)))] + other[draw(st.integers(0, len(other))) :]
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 60)))
        piece = draw(st.sampled_from(TOKENS) | st.binary(max_size=8) | st.just(content[start:end] * 2))
        content = content[:start] + piece + content[end:]
    return content


@FUZZ
@given(content=damaged(), workstream=st.sampled_from([None, *workstreams()]))
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, content: bytes, workstream: str | None) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(content)
    with suppress(UnreadableFile):
        with open_table(file, LIMITS) as table:
            rows = list(table.rows())
        assert [row.number for row in rows] == list(range(1, len(rows) + 1))
        assert all(len(row.cells) == len(table.headers) or row.bad for row in rows)
        assert not any("\0" in cell for row in rows for cell in row.cells)
        seen = preview(file, workstream, LIMITS)
        assert (seen["rows"], seen["encoding"]) == (len(rows), table.encoding)


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("workbook") / "list.xlsx"
    with Workbook(file) as book:
        sheet = book.add_worksheet("People")
        for row in range(20):
            sheet.write_row(row, 0, ["First Name", "Email", "Size"] if row == 0 else [f"Ann {row}", "a@a.example", row])
    return file.read_bytes()


@settings(FUZZ, max_examples=max(5, EXAMPLES // 50))
@given(data=st.data())
def test_a_damaged_workbook_is_read_or_refused(tmp_path: Path, workbook: bytes, data: st.DataObject) -> None:
    content = bytearray(workbook)
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[at] = data.draw(st.integers(0, 255))
    (tmp_path / "list.xlsx").write_bytes(content)
    with suppress(UnreadableFile), open_table(tmp_path / "list.xlsx", LIMITS) as table:
        assert all(len(row.cells) == len(table.headers) or row.bad for row in table.rows())
