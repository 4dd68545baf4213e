"""WARC, WET and ARC files, and Common Crawl by its id."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.ingest.warc import common_crawl, source
    from tasks.ingest.warc.source import host, read_warc
else:
    __getattr__ = hand_on(__name__)
