"""How a file becomes rows: the ways in which real files differ, and damaged ones that are refused."""

from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.ingest.files.reading import Limits, Row, Table, UnreadableFile, open_table
from shared.events import BadRow

DATA = Path(__file__).parents[1] / "data"
TABLE = "First Name;Company, Inc.;Größe\nSøren;São Paulo Ltda;1,5\nZoë;Müller;2\n"


def read_whole(path: Path, content: bytes, limits: Limits | None = None) -> tuple[Table, list[Row]]:
    path = path / "list.csv" if path.is_dir() else path
    path.write_bytes(content)
    with open_table(path, limits) as table:
        return table, list(table.rows())


def read(path: Path, content: bytes, limits: Limits | None = None) -> tuple[Table, list[list[str]]]:
    table, found = read_whole(path, content, limits)
    return table, [row.cells for row in found]


@pytest.mark.parametrize(
    ("name", "columns", "rows", "above", "below"),
    [
        ("apollo/accounts_32col.csv", 32, 12, 0, 0),
        ("apollo/contacts_49col_excel_resaved.csv", 49, 25, 0, 0),
        ("apollo/contacts_52col.csv", 52, 13, 0, 0),
        ("apollo/contacts_58col_seo.csv", 58, 7, 0, 0),
        ("apollo/contacts_63col.csv", 63, 25, 0, 0),
        ("apollo/contacts_105col_bom_crlf.csv", 105, 10, 0, 0),
        ("crm/hubspot_companies_en.csv", 11, 16, 0, 0),
        ("crm/hubspot_contacts_en.csv", 24, 40, 0, 0),
        ("crm/linkedin_connections_preamble.csv", 7, 21, 3, 0),
        ("crm/pipedrive_people_en.csv", 18, 20, 0, 0),
        ("crm/salesforce_contacts_report.csv", 15, 25, 0, 6),
        ("customers/customer_companies_a.csv", 3, 27, 0, 0),
        ("salesnav/koolkit_21col.csv", 21, 60, 0, 0),
        ("salesnav/koolkit_21col.tsv", 21, 20, 0, 0),
        ("salesnav/phantombuster_salesnav_search_32col.csv", 32, 25, 0, 0),
    ],
)
def test_real_exports(name: str, columns: int, rows: int, above: int, below: int) -> None:
    with open_table(DATA / name) as table:
        found = table.rows()
        read_rows = list(found)
    assert table.encoding == ("utf-8-sig" if "bom" in name else "utf-8")
    assert table.delimiter == ("\t" if name.endswith("tsv") else ",")
    assert (table.preamble_lines, len(table.headers), found.footer_lines) == (above, columns, below)
    assert [row.number for row in read_rows] == list(range(1, rows + 1))
    assert {(len(row.cells), row.bad) for row in read_rows} == {(columns, None)}
    assert table.warnings == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_line_ends(tmp_path: Path, encoding: str, delimiter: str, newline: str) -> None:
    content = TABLE.replace(";", delimiter).replace("\n", newline).encode(encoding)
    table, read_rows = read(tmp_path, content)
    assert table.headers == ("First Name", "Company, Inc.", "Größe")
    assert read_rows == [["Søren", "São Paulo Ltda", "1,5"], ["Zoë", "Müller", "2"]]
    assert bool(table.warnings) == (encoding == "cp1252")


def test_one_damaged_byte_does_not_turn_the_file_into_another_encoding(tmp_path: Path) -> None:
    table, read_rows = read(tmp_path, "Name,Ort\nMüller,Köln\nJosé,Bogotá\n".encode() + b"Z\xff,x\n")
    assert (table.encoding, table.records.encoding.errors) == ("utf-8", "replace")
    assert read_rows[-1] == ["Z\ufffd", "x"]
    assert "byte 38" in table.warnings[0]


def test_the_separator_line_of_excel(tmp_path: Path) -> None:
    table, read_rows = read(tmp_path, b"sep=;\r\nName;Size\r\nAcme;1,5\r\n")
    assert (table.delimiter, table.preamble_lines, read_rows) == (";", 1, [["Acme", "1,5"]])


def test_cells_of_many_lines_and_of_200_kilobytes(tmp_path: Path) -> None:
    text = "x" * 200_000 + "\n\nand, more"
    table, read_rows = read(tmp_path, f'a,b\n1,"{text}"\n'.encode())
    assert (table.headers, read_rows) == (("a", "b"), [["1", text]])


def test_blank_rows_are_skipped_short_ones_padded_long_ones_bad(tmp_path: Path) -> None:
    _, found = read_whole(tmp_path, b"\na,b,c\n1\n\n , ,\n1,2,3,,\n1,2,3,four\n")
    assert [row.cells for row in found] == [["1", "", ""], ["1", "2", "3"], ["1", "2", "3", "four"]]
    assert [row.line for row in found] == [3, 6, 7]
    assert [row.bad for row in found[:2]] == [None, None]
    assert found[2].bad == BadRow(3, "", "four", mock.ANY)


def test_a_row_broken_off_is_bad_where_rows_end_in_empty_cells(tmp_path: Path) -> None:
    whole = "".join(f"Ann {n},Ash,a{n}@a.example,\n" for n in range(9))
    content = f"First Name,Last Name,Email,Note\n{whole}Bob,Birch,CTO at\nCy,Cedar\nBeta,b@b.example,,\n"
    _, found = read_whole(tmp_path, content.encode())
    assert [row.number for row in found if row.bad] == [11]
    assert found[10].bad is not None
    assert (found[10].bad.column, found[10].cells) == ("Email", ["Cy", "Cedar", "", ""])
    assert "ends after 2 of 4 cells" in found[10].bad.reason
    _, ragged = read_whole(tmp_path, b"First Name,Last Name,Email\nAnn,Ash,a@a.example\nBob,Birch\nCy\n")
    assert [row.bad for row in ragged] == [None, None, None]


@pytest.mark.parametrize(
    "again", ["Name,Company,Note", " name , COMPANY,Note ", "Name,Company,Note,,", '\ufeff"Name",Company,Note']
)
def test_a_header_that_comes_again_is_bad(tmp_path: Path, again: str) -> None:
    _, found = read_whole(tmp_path, f"Name,Company,Note\nAnn,Acme,x\n{again}\nName,Company,x\nBob,Beta,\n".encode())
    assert [row.number for row in found if row.bad] == [2]
    assert "repeats the header" in str(found[1].bad)


@pytest.mark.parametrize(("text", "cell"), [(r'"said \"hi\"."', 'said "hi".'), (r'"a ""b\"" c"', 'a "b\\" c')])
def test_quotes_are_escaped_or_doubled(tmp_path: Path, text: str, cell: str) -> None:
    assert read(tmp_path, f"Name,Note\nAnn,{text}\n".encode())[1] == [["Ann", cell]]


@pytest.mark.parametrize(
    "lines",
    [
        ('"First Name,Company,Email"', '"Ann,""Acme, Inc."",a@a.example"', '"Bob,Beta,b@b.example"'),
        ("First Name,Company,Email", '"Ann,""Acme, Inc."",a@a.example"', "Bob,Beta,b@b.example"),
    ],
    ids=["all", "those with quotes"],
)
def test_lines_that_another_program_has_put_in_quotes_as_a_whole(tmp_path: Path, lines: tuple[str, ...]) -> None:
    table, rows = read(tmp_path, "\r\n".join(lines).encode())
    assert table.headers == ("First Name", "Company", "Email")
    assert rows == [["Ann", "Acme, Inc.", "a@a.example"], ["Bob", "Beta", "b@b.example"]]


def test_a_single_cell_with_a_delimiter_in_it_is_no_such_line(tmp_path: Path) -> None:
    content = b'Company,Website\n"Acme, Inc.",acme.example\n"Beta, Ltd."\n"Gamma ""the"" firm"\n'
    assert read(tmp_path, content)[1][1:] == [["Beta, Ltd.", ""], ['Gamma "the" firm', ""]]


def test_rows_of_the_first_cell_alone_have_no_others(tmp_path: Path) -> None:
    content = b'Company Name,Domain\n"Acme",\n' + b"Beta\n" * 9
    assert read(tmp_path, content)[1] == [["Acme", ""], *[["Beta", ""]] * 9]


def test_a_row_that_no_event_could_carry_is_bad(tmp_path: Path) -> None:
    _, found = read_whole(tmp_path, f"Name,Note\nAnn,{'x' * 500_000}\nBob,{'y' * 300_000}\n".encode())
    assert [row.bad is None for row in found] == [False, True]
    assert "The row has 500,003 characters and the limit is 500,000" in str(found[0].bad)


def test_a_row_that_a_wrong_quotation_mark_makes_of_several_is_bad(tmp_path: Path) -> None:
    content = (
        'Name,Company,Email\nAnn,"Acme,ann@a.example\nBob,"Beta",bob@b.example\nCy,"Cedar\nand ""Co""",c@c.example\n'
    )
    _, found = read_whole(tmp_path, content.encode())
    assert [row.bad is None for row in found] == [False, True]
    assert "begins in line 2 and goes on in others, and a quotation mark in it is wrong" in str(found[0].bad)
    assert found[1].cells == ["Cy", 'Cedar\nand "Co"', "c@c.example"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('"ab\n",' * 800_000 + "\n", "From line 2 on a row has more than 4,194,304 characters"),
        ("ab," * 1_500_000 + "\n", "From line 2 on a line has more than 4,194,304 characters"),
        ("a," * 20_000 + "\n", "The row in line 2 has more than 16,384 cells"),
    ],
)
def test_what_one_row_can_hold_is_bounded(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        read(tmp_path, f"Name,Company\n{row}".encode())


def test_six_hundred_columns_and_one(tmp_path: Path) -> None:
    wide = [f"column {n}" for n in range(600)]
    table, read_rows = read(tmp_path, f"{','.join(wide)}\n{','.join(wide)}\n".encode())
    assert (list(table.headers), read_rows) == (wide, [wide])
    assert read(tmp_path, b"Email\njo@acme.com\n")[1] == [["jo@acme.com"]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n \n", "no rows"),
        (b"\xef\xbb\xbf", "no rows"),
        (b",,,,\n" * 9, "no cell of the first line has a letter"),
        (b"a,b\n1,\x00\n", "NUL character is at byte 6"),
        (b"\xff\xfea\x00,", "UTF-16 but byte"),
        (b"<!DOCTYPE html>\n<p>x\n", "web page"),
        (b'[\n{"a": 1}\n]', "JSON"),
        (b'{"a": 1, "b": 2}\n', "JSON"),
        (b"Dear team, please find the list attached, thanks.\nAs said, we need it soon.\n", "sentence"),
        (b"Company,Employees\n" + b"Acme, Inc., of Berlin,3\n" * 6, "do not fit"),
        (b"Company,Employees\n" + b"Acme;3\n" * 6, "do not fit"),
        (b"Name," + b"x" * 200_000 + b"\nAnn,1\n", "The header has 200,004 characters"),
        (b'a,b\n1,"never closed\n2,3\n', "line 2 opens a quotation mark"),
    ],
)
def test_refused(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(file_bytes=10), "bytes"),
        (Limits(columns=1), "columns"),
        (Limits(rows=1), "Row 2, in line 3, is past the limit of 1 rows"),
        (Limits(cell_characters=5), "The row in line 2 has a cell of more than 5 characters"),
    ],
)
def test_limits(tmp_path: Path, limits: Limits, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        read(tmp_path, b"a,b\n123456,2\n3,4\n", limits)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    table=st.lists(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), min_size=3, max_size=3))
)
@example(table=[["0", "0", "\\\\"]])
@example(table=[["0", "\\", '\\";']])
def test_what_a_writer_wrote_is_read(tmp_path: Path, table: list[list[str]]) -> None:
    quoted = [
        "a,b,c",
        *(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [*table, ["x"] * 3]),
    ]
    _, read_rows = read(tmp_path, "\n".join(quoted).encode())
    assert read_rows == [*table, ["x"] * 3]
