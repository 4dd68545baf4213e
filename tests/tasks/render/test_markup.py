"""HTML that can't be broken out of."""

from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st

from tasks.render.markup import join, raw, table, tag
from tasks.render.text import printable

TEXTS = st.text(st.characters(codec=None) | st.sampled_from("<>&\"'=/!-[]\x00\x1b\u202e"))


class Parsed(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.seen, self.data = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, attributes))

    def handle_data(self, data):
        self.data += data

    def handle_comment(self, data):
        raise AssertionError("a comment")

    handle_decl = handle_pi = unknown_decl = handle_comment


@given(TEXTS, TEXTS)
@example("</p><script>alert(1)</script>", '" onload="alert(1)')
@example("<!-- ", "&quot;")
def test_text_stays_text_and_attributes_stay_attributes(text, attribute):
    found = Parsed(tag("p", text, title=attribute))
    assert found.seen == [("p", [("title", printable(attribute).replace("\n", " "))])]
    assert found.data == printable(text)


def test_markup_is_taken_as_it_is_and_nothing_else():
    assert join(tag("b", 1), "<b>", None, [2, raw("&times;")]) == "<b>1</b>&lt;b&gt;2&times;"


def test_a_table_scrolls_in_its_own_box_and_aligns_numbers():
    found = Parsed(table(["name", "n"], [["a", 1]], numeric=[1]))
    assert [tag for tag, _ in found.seen] == [
        "div",
        "table",
        "thead",
        "tr",
        "th",
        "th",
        "tbody",
        "tr",
        "td",
        "td",
    ]
    assert found.seen[-1] == ("td", [("class", "n")])
