"""The kinds of sources. A new kind is its module and a line here."""

from __future__ import annotations

import functools
import operator
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tasks.ingest.books import source as books
from tasks.ingest.code import folder as code
from tasks.ingest.code import git
from tasks.ingest.tables import csv, jsonl, parquet
from tasks.ingest.warc import common_crawl
from tasks.ingest.warc import source as warc

KINDS: dict[str, ModuleType] = {
    "warc": warc,
    "common_crawl": common_crawl,
    "books": books,
    "code": code,
    "git": git,
    "jsonl": jsonl,
    "parquet": parquet,
    "csv": csv,
}

if TYPE_CHECKING:
    from tasks.ingest.source import BaseSource as Source
else:
    _ANY = functools.reduce(operator.or_, (module.Source for module in KINDS.values()))
    Source = Annotated[_ANY, Field(discriminator="kind")]
