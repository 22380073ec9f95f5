"""What a column of a lead is kept as: what its normaliser gives, with nothing to be said of it elsewhere."""

from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Date, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB

from services.projector.extractors.bands import size_bucket
from services.projector.extractors.reading import TABLES
from services.projector.lead import UPLOADED
from services.projector.tables import FINAL_LEADS, type_of
from shared.mapping import Column, column
from shared.values import count, flag, listed, month, span, text, texts, year

LINES = [(table, line) for table, lines in {"uploaded": UPLOADED, **TABLES}.items() for line in lines]


@pytest.mark.parametrize(("normalise", "kind"), [
    (text, Text), (size_bucket, Text), (count, BigInteger), (year, Integer), (flag, Boolean), (month, Date),
    (listed, JSONB), (texts, JSONB),
])  # fmt: skip
def test_a_new_column_is_kept_as_what_its_normaliser_gives(normalise: Any, kind: type) -> None:
    assert type_of(column("company_staff", normalise, "employee_count")) is kind


@pytest.mark.parametrize("normalise", [span, lambda value: value])
def test_what_no_column_holds_is_refused_by_name(normalise: Any) -> None:
    with pytest.raises(TypeError, match=f"company_staff: {normalise.__name__} gives "):
        type_of(column("company_staff", normalise, "employee_count"))


@pytest.mark.parametrize(("table", "line"), LINES, ids=[f"{table}-{line.name}" for table, line in LINES])
def test_whoever_tells_a_column_gives_what_it_is_kept_as(table: str, line: Column) -> None:
    assert type(FINAL_LEADS.c[line.name].type) is type_of(line)
