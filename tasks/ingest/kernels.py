"""Calls of ingest's kernels, which compile them: one for each engine, as a page goes through it."""

from __future__ import annotations


def blocks() -> None:
    """What the engine `fast` runs."""
    _extract("fast")


def pages() -> None:
    """What the engine `resiliparse` runs."""
    _extract("resiliparse")


def _extract(engine: str) -> None:
    from tasks.ingest.extract import extract

    text = "A paragraph of a page that is long enough to be judged, élan and all."
    body = "".join(f"<p>{text} {n}</p>\n" for n in range(6000))  # so many that their depth is looked at
    extract(f"<title>A page</title><meta name=date content=2024-01-01>{body}".encode(), engine=engine)  # type: ignore[arg-type]
