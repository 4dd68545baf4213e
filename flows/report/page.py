"""One HTML page per run: self-contained, no script, nothing loaded, everything from outside escaped."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from flows.history import load_run
from flows.report import dropped, funnel, overview, record
from tasks.nodes import hooks
from tasks.render import Markup, join, raw, tag
from tasks.story import Run, Section

Make = Callable[[Run], Section]
FIRST: Sequence[Make] = (overview.stages, funnel.funnel_section)
LAST: Sequence[Make] = (dropped.dropped, record.artifacts, record.settings)


def write_report(store: Path, run: Path) -> Path:
    """Writes `report.html` into a run's folder and returns its path.

    A partial or failed run shows what there is and says what isn't. The page is bounded in size whatever the
    store's: series are binned, tables cut, documents sampled. StageError where the folder holds no run.
    """
    found = load_run(store, run)
    path = found.folder / "report.html"
    fresh = path.with_name(f".report.{os.getpid()}.html")
    fresh.write_text(page(found), encoding="utf-8")
    os.replace(fresh, path)
    return path


def page(run: Run) -> str:
    """The whole page."""
    style = (Path(__file__).with_name("page.css")).read_text(encoding="utf-8")
    told = [make for sections in hooks("SECTIONS").values() for make in sections]
    sections = [_section(run, make) for make in (*FIRST, *told, *LAST)]
    links = [
        tag("a", section.title, href=f"#{section.key}", class_=None if section.present else "absent")
        for section in sections
    ]
    body = tag(
        "body",
        tag("a", "Skip to the figures", href="#stages", class_="skip"),
        tag("nav", tag("span", "smelt", class_="brand"), links, aria_label="Sections"),
        tag("main", overview.header(run), [section.markup() for section in sections], record.footer(run)),
    )
    return f"<!doctype html>\n{tag('html', _head(run, style), body, lang='en')}\n"


def _head(run: Run, style: str) -> Markup:
    """Metadata; the policy allows this one style sheet, by its digest, and nothing else at all."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"smelt {run.id}: {run.status}"),
        tag("style", raw(style)),
    )


def _section(run: Run, make: Make) -> Section:
    """A section; what it could not be made of shows on the page, and costs no other section."""
    try:
        return make(run)
    except Exception as error:
        said = f"This section could not be made: {type(error).__name__}: {error}"
        name = make.__name__.removesuffix("_section")
        return Section(name, name.capitalize(), None, tag("p", join(said[:500]), class_="error"))
