"""WARC, WET and ARC files, and Common Crawl by its id."""

from tasks.ingest.warc.source import read_warc

__all__ = ["read_warc"]
