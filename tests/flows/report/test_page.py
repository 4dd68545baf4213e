"""The report: whole, self-contained, and safe whatever was crawled."""

import base64
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser

import pytest

from flows.report.page import write_report

VOID = {"meta", "br", "wbr"}
ALLOWED = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "nav",
        "header",
        "footer",
        "section",
        "div",
        "p",
    ),
    *(
        "span",
        "a",
        "b",
        "small",
        "code",
        "pre",
        "h1",
        "h2",
        "h3",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
    ),
    *("thead", "tbody", "tr", "th", "td", "details", "summary", "figure", "figcaption", "blockquote", "q"),
    *("article", "br", "wbr", "svg", "g", "rect", "line", "circle", "polyline", "polygon", "text"),
}


class Page(HTMLParser):
    """A page taken apart: elements, attributes, visible text. Fails on elements that don't close."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes = [], set(), []
        self.text, self.style = [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        (self.style if self.open[-1:] == ["style"] else self.text).append(data)

    @property
    def words(self):
        return " ".join("".join(self.text).split())


@pytest.fixture(scope="module")
def page(sample_store):
    return write_report(sample_store.path, sample_store.run).read_text()


@pytest.fixture(scope="module")
def hostile_page(hostile_store):
    return write_report(hostile_store.path, hostile_store.run).read_text()


def test_every_section_is_made(page):
    found = Page(page)
    assert "could not be made" not in found.words
    assert re.findall('<section id="([a-z]+)"', page) == [
        *(
            "stages",
            "funnel",
            "documents",
            "sources",
            "edits",
            "rules",
            "quality",
            "duplicates",
            "contamination",
        ),
        *("training", "scores", "writing", "dropped", "artifacts", "settings"),
    ]
    assert 'class="lead absent"' not in page


def test_the_top_says_what_came_out(page):
    words = Page(page).words
    assert "760 records became 436 documents" in words
    assert "1.418 bits per byte, 9.7 % less than xz" in words
    assert "95 % interval 1.391 – 1.446" in words


def test_the_funnel_tells_documents_and_bytes_of_every_stage_and_rule(page):
    words = Page(page).words
    for said in (
        "760 → 720",
        "720 → 570",
        "−150 (20.8 %)",
        "near-duplicate",
        "benchmark-overlap",
        "not-html",
    ):
        assert said in words


def test_events_scores_and_texts_are_there(page):
    words = Page(page).words
    for said in ("rollback at step 241", "resume at step 402", "0.180 – 0.455", "timeout 1", "StopIteration"):
        assert said in words


def test_paragraphs_that_were_cut_are_shown(page):
    assert "Paragraphs that an earlier document has" in page
    assert "a notice that stands in another" in page
    assert "Benchmark items cut out" not in page  # the sample's mode is "drop"


@pytest.mark.parametrize("which", ["page", "hostile_page"])
def test_the_page_loads_and_runs_nothing(which, request):
    text = request.getfixturevalue(which)
    found = Page(text)
    assert found.tags <= ALLOWED
    for tag, name, value in found.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in ("src", "srcset", "style", "action", "data", "xlink:href", "formaction"), (
            tag,
            name,
        )
        assert name != "href" or value.startswith("#")
    style = "".join(found.style)
    assert "url(" not in style
    assert "@import" not in style
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy.split("; ")[:2] == [
        "default-src &#x27;none&#x27;",
        f"style-src &#x27;sha256-{digest}&#x27;",
    ]


def test_hostile_text_is_shown_and_does_nothing(hostile_page):
    found = Page(hostile_page)
    assert "could not be made" not in found.words
    assert (
        "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>gnp.exe red NUL ]]></style></svg>"
        in found.words
    )
    assert "<script" not in hostile_page
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", hostile_page)


def test_a_failed_run_says_where_and_why(tmp_path, make_store):
    store = make_store(tmp_path / "store", failed="dedup", hostile=True)
    words = Page(write_report(store.path, store.run).read_text()).words
    assert "The run failed at dedup" in words
    assert "filter: no document is left<script>" in words
    assert "720 → 570" in words
    assert "Dedup is not part of this run, or hasn't finished." in words
    assert "Pretrain is not part of this run" in words
    assert "could not be made" not in words


def test_a_partial_run_shows_what_there_is(tmp_path, make_store):
    store = make_store(tmp_path / "store", upto="filter")
    words = Page(write_report(store.path, store.run).read_text()).words
    assert "760 records became 570 documents" in words
    assert "Evaluate is not part of this run" in words
    assert "could not be made" not in words


def test_damaged_and_missing_artifacts_leave_the_rest(tmp_path, make_store):
    store = make_store(tmp_path / "store")
    shutil.rmtree(store.path / "tokenize")
    for path in (store.path / "filter").rglob("*.parquet"):
        path.write_bytes(b"PAR1 no longer")
    for path in (store.path / "pretrain").rglob("metrics.jsonl"):
        path.write_text('{"step": 1, "loss": 3.5, "grad_norm": NaN}\nnot json\n[1]\n{"step": "x"}\n')
    for path in (store.path / "evaluate").rglob("scores.json"):
        path.write_text("{")
    words = Page(write_report(store.path, store.run).read_text()).words
    assert "could not be made" not in words
    assert "loss 3.500 at the end" in words
    assert "near-duplicate" in words


def test_a_run_without_any_artifact_has_a_report(tmp_path):
    folder = tmp_path / ".runs" / "one"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"id": "one", "status": "running", "nodes": []}))
    words = Page(write_report(tmp_path, folder).read_text()).words
    assert "The run is under way" in words
    assert "could not be made" not in words


def test_secrets_in_settings_are_blotted_out(page):
    assert "hunter2" not in page
    assert "api_token: •••" in Page(page).words


def test_the_page_stays_small_whatever_the_store_holds(tmp_path, make_store):
    store = make_store(tmp_path / "store")
    [metrics] = (store.path / "pretrain").rglob("metrics.jsonl")
    line = '{"step": %d, "loss": %f, "grad_norm": 1.0, "learning_rate": 0.001, "mfu": 0.3}\n'
    metrics.write_text("".join(line % (n, 2 + 1 / n) for n in range(1, 30_000)))
    skip = {"event": "skip", "detail": "x" * 500}
    [events] = (store.path / "pretrain").rglob("events.jsonl")
    events.write_text("".join(json.dumps(skip | {"step": n}) + "\n" for n in range(9000)))
    for manifest in (store.path / "filter").rglob("manifest.json"):
        found = json.loads(manifest.read_text())
        found["metrics"]["dropped"] = {
            f"rule-{n}-{'x' * 300}": {"documents": n, "bytes": n} for n in range(5000)
        }
        manifest.write_text(json.dumps(found))
    for manifest in (store.path / "ingest").rglob("manifest.json"):
        found = json.loads(manifest.read_text())
        counts = {"files": 1, "documents_in": 2, "documents_out": 1}
        found["metrics"]["sources"] = {
            f"source {n} " * 40: counts | {"dropped": {f"reason {n}": {"documents": 1}}} for n in range(5000)
        }
        manifest.write_text(json.dumps(found))
    for path in (store.path / "evaluate").rglob("generations.jsonl"):
        path.write_text(
            "".join(json.dumps({"prompt": "p" * 9000, "text": "t " * 90_000}) + "\n" for _ in range(50))
        )
    report = write_report(store.path, store.run)
    assert report.stat().st_size < 2_000_000
    assert "could not be made" not in Page(report.read_text()).words


def test_a_run_with_many_sources_and_shards_is_counted_whole_and_folded(tmp_path, make_store):
    store = make_store(tmp_path / "store", large=True)
    text = write_report(store.path, store.run).read_text()
    words = Page(text).words
    assert "40 sources in 520 files" in words
    assert "of a sample" not in words
    names = re.findall(r"<td><b>(common-crawl-2024-\d\d)", text)
    assert len(set(names)) == 40
    assert words.count("documents as duplicates") == 38
    assert "and 34 more" in words  # alarms: the first few are open
    for rule in ("gopher-quality/ min-words", "fineweb/ short-lines", "near-duplicate"):
        assert f"{rule.replace(' ', '')}" in words
    assert len(re.findall("<article>", text)) > 12  # samples of every rule, though a shard has few documents
    assert len(text) < 400_000


def test_the_same_run_makes_the_same_page(sample_store, page):
    assert write_report(sample_store.path, sample_store.run).read_text() == page
