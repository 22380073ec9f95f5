"""What a file is by its content, whatever its name: text, a workbook, or something no list can be read from."""

import zipfile
from pathlib import Path
from typing import Final, Literal

from services.ingest.files.encoding import UnreadableFile

_AS_CSV: Final = "Open it there and save the sheet as CSV (UTF-8)."
_EXPORT: Final = "Ask for the list as CSV or as an Excel workbook (.xlsx)."
_UNPACK: Final = "Unpack it, and take the file inside."
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_STARTS: Final = (
    (b"%PDF", "a PDF document", _EXPORT),
    (b"\x89PNG", "an image (PNG)", _EXPORT),
    (b"\xff\xd8\xff", "an image (JPEG)", _EXPORT),
    (b"GIF8", "an image (GIF)", _EXPORT),
    (b"II*\0", "an image (TIFF)", _EXPORT),
    (b"RIFF", "an image or a recording", _EXPORT),
    (b"\x1f\x8b", "a compressed file (gzip)", _UNPACK),
    (b"BZh", "a compressed file (bzip2)", _UNPACK),
    (b"\xfd7zXZ", "a compressed file (xz)", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a compressed file (zstd)", _UNPACK),
    (b"7z\xbc\xaf", "an archive (7-Zip)", _UNPACK),
    (b"Rar!", "an archive (RAR)", _UNPACK),
    (b"SQLite format", "a database (SQLite)", "Export the table as CSV."),
    (b"PAR1", "a Parquet file", "Export the table as CSV."),
    (b"{\\rtf", "a text document (RTF)", _EXPORT),
    (b"BEGIN:VCARD", "a file of contact cards (vCard)", "Export the contacts as CSV."),
    (b"\x7fELF", "a program", _EXPORT),
    (b"MZ\x90", "a program", _EXPORT),
)
_INSIDE: Final = (
    ("xl/workbook.bin", "a binary Excel workbook (.xlsb)", "Save it as .xlsx or as CSV (UTF-8)."),
    ("word/document.xml", "a Word document", _EXPORT),
    ("ppt/presentation.xml", "a presentation", _EXPORT),
    ("Index/Document.iwa", "a Numbers document", "Export it as CSV there."),
    ("content.xml", "an OpenDocument file", _AS_CSV),
)
_MOST_ENTRIES: Final = 10_000
_MOST_GROWTH: Final = 250


def kind_of(path: Path, unpacked_bytes: int) -> Literal["text", "workbook"]:
    """Text, or a workbook that takes no more than `unpacked_bytes` when unpacked. Raises UnreadableFile."""
    with path.open("rb") as file:
        start = file.read(8_192)
    for magic, what, advice in _STARTS:
        if start.startswith(magic):
            raise _refusal(what, advice)
    if start.startswith(_OLD_OFFICE):
        raise _old_office(path)
    if not start.startswith(_ZIP):
        return "text"
    _check_archive(path, unpacked_bytes)
    return "workbook"


def _refusal(what: str, advice: str) -> UnreadableFile:
    return UnreadableFile(f"This is not a CSV file but {what}. {advice}")


def _old_office(path: Path) -> UnreadableFile:
    with path.open("rb") as file:
        content = file.read(1 << 20)
    if "EncryptedPackage".encode("utf-16-le") in content:
        return _refusal("a workbook protected by a password", "Take the password off, or save the sheet as CSV.")
    if "WordDocument".encode("utf-16-le") in content:
        return _refusal("an old Word document (.doc)", _EXPORT)
    return _refusal("an old Excel workbook (.xls)", "Open it there and save it as .xlsx or as CSV (UTF-8).")


def _check_archive(path: Path, unpacked_bytes: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableFile(f"The workbook or archive is damaged ({error}). Save or send it again.") from error
    names = [entry.filename for entry in entries]
    if "xl/workbook.xml" not in names:
        what, advice = next((known[1:] for known in _INSIDE if known[0] in names), ("a zip archive", _UNPACK))
        raise _refusal(what, advice)
    size, packed = sum(entry.file_size for entry in entries), path.stat().st_size
    if size > unpacked_bytes or len(entries) > _MOST_ENTRIES:
        raise UnreadableFile(
            f"Unpacked, the workbook would have {size:,} bytes in {len(entries):,} parts; the limit is "
            f"{unpacked_bytes:,} bytes (LEADSTREAM_INGEST_MAX_UNPACKED_BYTES) in {_MOST_ENTRIES:,} parts. "
            "Save the sheet as CSV (UTF-8), or raise the limit."
        )
    if size > _MOST_GROWTH * packed:
        raise UnreadableFile(
            f"Unpacked, the workbook would grow from {packed:,} to {size:,} bytes, as no list does: more than "
            f"{_MOST_GROWTH} times. Save the sheet as CSV (UTF-8)."
        )
