"""Files told by their content: workbooks are read as a person sees them, what holds no list is refused by name."""

import io
import subprocess
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from xlsxwriter import Workbook

from services.ingest.files.reading import Limits, Row, Table, UnreadableFile, open_table

HEADER = ["First Name", "Company", "Since"]
Fill = Callable[[Workbook], None]


def read(path: Path, limits: Limits | None = None) -> tuple[Table, list[Row], int]:
    with open_table(path, limits) as table:
        rows = table.rows()
        return table, list(rows), rows.footer_lines


def workbook(path: Path, fill: Fill, name: str = "list.csv") -> Path:
    with Workbook(path / name) as book:
        fill(book)
    return path / name


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, "content")
    return buffer.getvalue()


def values(book: Workbook) -> None:
    sheet = book.add_worksheet("People")
    sheet.write_row(
        3, 1, [*HEADER, "At", "Time", "Count", "Ratio", "Phone", "Code", "Ready", "Formula", "Rich", "Wrong"]
    )
    sheet.write_row(4, 1, ["Ann", "Acme\nInc."])
    sheet.write_datetime(4, 3, date(2024, 3, 1), book.add_format({"num_format": "dd.mm.yyyy"}))
    sheet.write_datetime(4, 4, datetime(2024, 3, 1, 14, 30), book.add_format({"num_format": "d/m/yy hh:mm"}))
    sheet.write_datetime(4, 5, time(9, 5), book.add_format({"num_format": "hh:mm"}))
    sheet.write_row(4, 6, [7, 0.25, 49301234567])
    sheet.write_string(4, 9, "00123")
    sheet.write_boolean(4, 10, True)
    sheet.write_formula(4, 11, '=HYPERLINK("http://a.example")', None, "a link")
    sheet.write_rich_string(4, 12, "Bo", book.add_format({"bold": True}), "b", "by")
    sheet.write_formula(4, 13, "=NA()", None, "#N/A")
    sheet.set_row(4, None, None, {"hidden": True})


def test_values_are_as_a_person_would_write_them(tmp_path: Path) -> None:
    table, rows, _ = read(workbook(tmp_path, values))
    assert (table.encoding, table.delimiter, table.sheet, table.preamble_lines) == ("xlsx", "", "People", 3)
    assert [(row.number, row.line, row.bad) for row in rows] == [(1, 5, None)]
    assert rows[0].cells == [
        "Ann", "Acme\nInc.", "2024-03-01", "2024-03-01 14:30:00", "09:05:00", "7", "0.25", "49301234567", "00123",
        "TRUE", "a link", "Bobby", "",
    ]  # fmt: skip
    assert table.warnings == ()


def several_sheets(book: Workbook) -> None:
    book.add_worksheet("Read me").write(0, 0, "How to use this file")
    hidden = book.add_worksheet("Lists")
    hidden.write_column(0, 0, range(500))
    hidden.hide()
    people = book.add_worksheet("People")
    people.write(0, 0, "Contacts of the first quarter")
    people.write_row(2, 0, HEADER)
    people.write_row(3, 0, ["Ann", "Acme"])
    people.write_row(5, 0, ["Bob", "Beta", "2024", "too much"])
    people.write_row(6, 0, ["Total:", "", "2"])


def test_nul_characters_of_a_workbook_are_left_out(tmp_path: Path) -> None:
    def fill(book: Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["Ann\0", "Ac\0me"])

    _, rows, _ = read(workbook(tmp_path, fill))
    assert rows[0].cells == ["Ann", "Acme", ""]


def test_the_sheet_with_the_most_in_it_is_read_and_named(tmp_path: Path) -> None:
    table, rows, footer_lines = read(workbook(tmp_path, several_sheets, "list.xlsx"))
    assert (table.sheet, table.preamble_lines, footer_lines, list(table.headers)) == ("People", 2, 1, HEADER)
    assert [(row.line, row.cells[0], row.bad is None) for row in rows] == [(4, "Ann", True), (6, "Bob", False)]
    assert "'People' is read" in table.warnings[0]
    assert "not read: 'Read me'." in table.warnings[0]


def nothing(book: Workbook) -> None:
    book.add_worksheet()


def one_cell_far_away(book: Workbook) -> None:
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    sheet.write(1_048_575, 16_383, "x")


def one_text_over_and_over(book: Workbook) -> None:
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    for row in range(1, 2_001):
        sheet.write_row(row, 0, ["x" * 1_000] * 3)


@pytest.mark.parametrize(
    ("fill", "limits", "says"),
    [
        (nothing, Limits(), "no rows"),
        (one_cell_far_away, Limits(), "cell far away"),
        (
            one_text_over_and_over,
            Limits(unpacked_bytes=1_000_000),
            "as CSV, the sheet would have more than 1,000,000",
        ),
        (values, Limits(unpacked_bytes=1_000), "LEADSTREAM_INGEST_MAX_UNPACKED_BYTES"),
        (values, Limits(columns=3), "LEADSTREAM_INGEST_MAX_COLUMNS"),
        (values, Limits(file_bytes=1_000), "LEADSTREAM_UPLOAD_MAX_BYTES"),
    ],
)
def test_workbooks_without_a_list_in_bounds(tmp_path: Path, fill: Fill, limits: Limits, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        read(workbook(tmp_path, fill), limits)


def test_a_workbook_that_grows_out_of_proportion_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", "<workbook/>")
        file.writestr("xl/worksheets/sheet1.xml", bytes(10_000_000))
    with pytest.raises(UnreadableFile, match=r"would grow from [\d,]+ to 10,000,011 bytes"):
        read(tmp_path / "bomb.xlsx")


def test_no_more_than_two_workbooks_are_converted_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, run, now, most = workbook(tmp_path, values), subprocess.run, [0], [0]

    def counting(*arguments: Any, **options: Any) -> Any:
        now[0] += 1
        most[0] = max(most[0], now[0])
        try:
            return run(*arguments, **options)
        finally:
            now[0] -= 1

    monkeypatch.setattr(subprocess, "run", counting)
    with ThreadPoolExecutor(4) as threads:
        assert {len(rows) for _, rows, _ in threads.map(read, [file] * 4)} == {1}
    assert most == [2]


@pytest.mark.parametrize("at", [0.3, 0.5, 0.9])
def test_a_damaged_workbook(tmp_path: Path, at: float) -> None:
    file = workbook(tmp_path, values)
    content = file.read_bytes()
    cut = int(len(content) * at)
    file.write_bytes(content[:cut])
    with pytest.raises(UnreadableFile, match="damaged"):
        read(file)
    file.write_bytes(content[:cut] + b"XXXXXXXX" + content[cut + 8 :])
    with suppress(UnreadableFile):
        read(file)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(600), "old Excel workbook (.xls). Open it there"),
        (b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (b"\xd0\xcf\x11\xe0" + bytes(600) + "WordDocument".encode("utf-16-le"), "Word document (.doc)"),
        (b"%PDF-1.7\n", "PDF document. Ask for the list"),
        (b"\x89PNG\r\n\x1a\n", "image (PNG)"),
        (b"\xff\xd8\xff\xe0", "image (JPEG)"),
        (b"\x1f\x8b\x08\x00", "compressed file (gzip). Unpack it"),
        (b"PAR1\x15", "Parquet"),
        (b"BEGIN:VCARD\nVERSION:3.0\n", "vCard"),
        (b"PK\x03\x04rest", "damaged"),
        (archive("contacts.csv"), "zip archive. Unpack it"),
        (archive("word/document.xml"), "Word document"),
        (archive("mimetype", "content.xml"), "OpenDocument"),
        (archive("xl/workbook.bin"), "binary Excel workbook (.xlsb)"),
        (archive("xl/workbook.xml"), "damaged"),
    ],
)
def test_what_holds_no_list_is_refused_by_name(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(content)
    with pytest.raises(UnreadableFile) as refusal:
        read(file)
    assert says in str(refusal.value)
