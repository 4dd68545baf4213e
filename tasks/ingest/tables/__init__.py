"""Records in rows: JSON Lines, CSV and TSV, Parquet."""
