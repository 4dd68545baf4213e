from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest.tables.parquet_pages import page_sizes


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_the_sizes_of_all_pages_are_found(tmp_path: Path, version: str, dictionary: bool) -> None:
    texts = [f"{number} " * 500 for number in range(200)] + ["x" * 300_000, "z"]
    pq.write_table(
        pa.table({"text": texts}), tmp_path / "a", data_page_version=version, use_dictionary=dictionary,
        data_page_size=10_000, write_batch_size=1, compression="zstd", write_page_index=True,
    )  # fmt: skip
    column = pq.ParquetFile(tmp_path / "a").metadata.row_group(0).column(0)
    start = column.dictionary_page_offset or column.data_page_offset
    with (tmp_path / "a").open("rb") as file:
        sizes = list(page_sizes(file, start, column.total_compressed_size))
    headers = column.total_uncompressed_size - sum(sizes)
    assert 0 < headers < 1000 * len(sizes)  # what isn't pages is their headers
    assert max(sizes) >= 300_000


@given(st.binary(max_size=60), st.integers(0, 20))
def test_any_bytes_end(data: bytes, start: int) -> None:
    list(page_sizes(io.BytesIO(data), start, len(data)))


def test_a_place_beyond_all_files_has_no_pages() -> None:
    assert list(page_sizes(io.BytesIO(b"x"), 1 << 64, 1 << 64)) == []
