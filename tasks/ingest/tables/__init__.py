"""Records in rows: JSON Lines, CSV and TSV, Parquet."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.ingest.tables import csv, jsonl, parquet
    from tasks.ingest.tables.columns import MISSING, Columns
else:
    __getattr__ = hand_on(__name__)
