"""The page of data sets is what the registry says now."""

from __future__ import annotations

from mien.data import known_datasets
from tools.dataset_table import PAGE, page, rows


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tools.dataset_table"


def test_every_data_set_has_a_row_with_its_source() -> None:
    table = rows()[2:]
    assert len(table) == len(known_datasets())
    for row, dataset in zip(table, known_datasets().values(), strict=True):
        assert dataset.source in row
        assert row.count(" | ") == 5
