"""Main text from pages that no one writes: every engine, and the compiled scan and features against their plain forms."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import get_args

import numpy as np
from fuzzing import seeds
from fuzzing.case import Case, Target
from fuzzing.mutations import mutate
from fuzzing.texts import PIECES
from fuzzing.tokens import HTML_TOKENS


def _page(target: str) -> Callable[[Random], Case]:
    def make(draw: Random) -> Case:
        found = seeds.pages()
        if draw.random() < 0.3:
            data = b"".join(draw.choice(HTML_TOKENS) for _ in range(draw.choice((3, 20, 200))))
            data *= draw.choice((1, 1, 1, 20))
        else:
            data = draw.choice(found)
        data = mutate(draw, data, found, HTML_TOKENS + PIECES)
        return Case(
            target,
            data,
            {
                "charset": draw.choice(
                    (None, None, "utf-8", "utf-16", "utf-7", "x-user-defined", "hz-gb-2312", "\0")
                )
            },
        )

    return make


def check_extraction(case: Case) -> None:
    from tasks.ingest.extract.engines import Engine, extract

    for engine in get_args(Engine):
        page = extract(case.data, charset=case.settings["charset"], engine=engine, url="http://a.example/")
        for text in (page.text, page.title, page.language, page.canonical, page.published):
            (text or "").encode()
            assert "\0" not in (text or "")


def check_blocks(case: Case) -> None:
    """The scan against a walk over the parser's tree, the features against the plain ones."""
    from tasks.ingest.extract import guards
    from tasks.ingest.extract.blocks import features, scan
    from tasks.ingest.extract.fast import parsed
    from tasks.ingest.extract.reference import features as feature_reference
    from tasks.ingest.extract.reference import scan as reference
    from tasks.text.charset import decode

    data = case.data[:20_000]
    if guards.is_too_complex(data, data.count(b"<")):
        return
    text = decode(data, html=True)[0].replace("\0", "")
    page = scan.scan(parsed(text))
    if not page.complete:
        return
    blocks, root = reference.walk(text)
    found = [page.text[start:end].tobytes() for start, end in page.blocks[:, :2].tolist()]
    assert found == [block.text for block in blocks], "the blocks"
    told = ["A sentence of it.", "T", ""]
    rows = features.describe(page, *(one.encode() for one in told))
    plain = feature_reference.describe(blocks, root, told)
    for row, right in zip(rows, plain, strict=True):
        wrong = [
            name
            for n, name in enumerate(features.NAMES)
            if not np.isclose(row[n], float(right[name]), rtol=1e-4, atol=1e-5)
        ]
        assert not wrong, f"features {wrong}"


PAGES = {
    "extraction": Target(_page("extraction"), check_extraction, 3, seconds=10, per_byte=1e-4),
    "blocks": Target(_page("blocks"), check_blocks, 2, seconds=5, per_byte=1e-3),
}
