"""The compiled counts agree with the plain reference, on prose and on what no one writes."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.filter.text_signals import characters, reference, reference_splits, stop_words, word_breaks
from tasks.filter.text_signals.counts import NGRAM_WORDS, RECORD, by_name

FRAGMENTS = [
    *"abzZ09 \n\t.,:;-_#'’\"(){}[]<>=/+*^&@|~…•–—‐！。？°$€√½é漢가𝒳😀",
    *"\u0301\u200b\u2028\x85\r\x0b\x1c\0\ud800\udfff\U000e0100",
    *[
        "n't",
        "'s",
        "'ll",
        "O'Brien",
        "...",
        "..",
        "....",
        "--",
        "://",
        "http://",
        "www.",
        "\n\n",
        "\n\n\n",
        "\r\n",
    ],
    *["the", "of", "that ", "lorem ipsum", "JavaScript", "Terms of Use", "use cookies ", "uses cookies"],
    *[
        "coo\u212aies",
        "well-known",
        "http://a.b/c?d=e",
        "yes. No! ",
        'he said "no." then',
        " x x x",
        "a.B",
        "1-2",
    ],
    *[
        "x" * 31,
        "y" * 1001,
        ". . .",
        "● ",
        "* ",
        "THE ",
        "_a",
        "a_b",
        "カナ",
        "かな",
        "ไทย",
        "½",
        "e.g.",
        "a:b",
        "1;2",
    ],
    *[
        "0x41, ",
        "\\x4f",
        "41 42 43 44 45 46 47 48 ",
        "\\u00e9" * 3,
        "QUJD" * 9,
        "AUTO-generated",
        "<?xml version=",
    ],
    *[
        "<b>",
        "</p>",
        "<a href=",
        "<script>",
        "<style x='",
        "</script ",
        "<!--",
        "-->",
        "<!",
        "<?",
        "</",
        "='>",
        '= "',
        "&amp;",
        "&#12385;",
        "&",
        ";",
    ],
]
adversarial = st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join)
repetitive = st.lists(st.sampled_from(["a ", "b ", "cc, ", "\n", "a b. "]), max_size=120).map("".join)
anything = st.text(st.characters(exclude_categories=[]), max_size=80)


def count(texts, ngram_words=NGRAM_WORDS, language="en"):
    from tasks.filter.text_signals.passes import count_all
    from tasks.filter.text_signals.scoring import batches

    data, offsets = next(iter(batches(texts)), (np.zeros(0, dtype=np.uint8), np.zeros(1, dtype=np.int64)))
    counts = np.zeros(len(texts), dtype=RECORD)
    rows = stop_words.rows([language] * len(texts))
    tables = (characters.table(), word_breaks.break_table(), stop_words.tables())
    count_all(data, offsets, rows, *tables, ngram_words, counts)
    columns = {name: column.tolist() for name, column in by_name(counts).items()}
    return [{name: column[n] for name, column in columns.items()} for n in range(len(texts))]


def assert_agree(text, ngram_words=NGRAM_WORDS, language="en"):
    assert count([text], ngram_words, language)[0] == reference.counts(text, ngram_words, language)


quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(adversarial)
def test_kernel_and_reference_agree_on_adversarial_fragments(text):
    assert_agree(text)


@quick
@given(repetitive)
def test_kernel_and_reference_agree_on_repetitive_text(text):
    assert_agree(text)


@quick
@given(anything)
def test_kernel_and_reference_agree_on_any_code_points(text):
    assert_agree(text)


@settings(max_examples=100)
@given(repetitive, st.integers(0, 12))
def test_they_agree_on_the_bound_of_words_for_ngrams(text, ngram_words):
    assert_agree(text, ngram_words)


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["a", "b", "c", "d", " ", "\n", "\n\n"]), max_size=30), st.integers(0, 4))
def test_they_agree_on_the_bound_of_lines_and_paragraphs_that_are_told_from_copies(parts, most):
    assert_agree("\n".join(parts), most)


@quick
@given(st.lists(adversarial, max_size=6))
def test_a_text_is_counted_the_same_alone_and_among_others(texts):
    assert count(texts) == [count([text])[0] for text in texts]


PROSE = """Seldom has a plan been made that didn't meet the weather. It's the captain's job, she said, to be
ready:
"We'll sail at 6.30 p.m., with 1,200 crates of well-known tea (and two cats)." They sailed... late.

Visit http://example.org/a/b for the list; e-mail me@example.org.
- one
- two
"""


def test_kernel_and_reference_agree_on_prose():
    assert_agree(PROSE)
    assert_agree(PROSE * 20)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's a well-known fact.", ["It", "'s", "a", "well", "-", "known", "fact", "."]),
        ("one''a", ["one'", "'a"]),
        ("don't they'll O'Brien", ["do", "n't", "they", "'ll", "O'Brien"]),
        ('("Yes...", she said)', ["(", '"', "Yes", "...", '"', ",", "she", "said", ")"]),
        ("3.14 1,000 5-6 a,b x/y", ["3.14", "1,000", "5", "-", "6", "a", ",", "b", "x", "/", "y"]),
        ("see http://a.b/c?d=e, now", ["see", "http://a.b/c?d=e", ",", "now"]),
        ("[a](http://b.c/d) www.e.f/g", ["[", "a](http://b.c", "/", "d", ")", "www.e.f/g"]),
        ("os.path end.Next AT&T me@x.org -v", ["os.path", "end", ".", "Next", "AT&T", "me@x.org", "-v"]),
        ("__init__ | --", ["_", "_", "init", "_", "_", "|", "--"]),
        ("漢字 é\u0301t\u200bé", ["漢字", "é\u0301t\u200bé"]),
        ("", []),
    ],
)
def test_a_word_is_what_the_rules_say(text, words):
    assert reference.words(text) == words
    assert count([text])[0]["words"] == len(words)


def test_ngrams_of_a_line_said_three_times():
    found = count(["one two three four five\n" * 3])[0]
    assert found["top_2gram"] == len("one two") * 3
    assert found["duplicate_5gram"] == 2 * len("onetwothreefourfive")
    assert found["duplicate_10gram"] == 2 * len("onetwothreefourfive")  # two lines, found once at the second
    assert found["duplicate_lines"] == 2


def test_the_most_frequent_ngram_is_the_first_among_equals():
    assert count(["aa bb ccc ddd aa bb ccc ddd"])[0]["top_2gram"] == 2 * len("aa bb")
    assert count(["only once here"])[0]["top_2gram"] == len("only once")


def test_c4_looks_at_lines_in_its_own_order():
    found = count(
        [
            "Enable JavaScript {now} please.\n{ x }\nwe use cookies here. Really.\nIt is so. Is it?\n"
            + "z" * 1001
        ]
    )[0]
    assert found["c4_javascript_lines"] == 1
    assert found["c4_curly_bracket_lines"] == 1  # the first line goes before its bracket is looked at
    assert found["c4_policy_lines"] == 1
    assert found["c4_long_word_lines"] == 1
    assert found["c4_sentences"] == 3  # "{ x }", "It is so.", "Is it?"


def test_the_classes_of_the_kernel_are_those_of_the_table():
    assert len(characters.table()) == characters.TABLE_SIZE
    assert all(chr(cp).isspace() == bool(characters.table()[cp] & characters.SPACE) for cp in range(0x3001))
    assert all(chr(cp).isalpha() == bool(characters.table()[cp] & characters.LETTER) for cp in range(0x33000))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello World and all", ["Hello", "World", "and", "all"]),
        ("e.g., a 1.4 floating points...", ["e.g", "a", "1.4", "floating", "points"]),
        ("so...yeah it's 1,000 _x a_b", ["so", "yeah", "it's", "1,000", "a_b"]),
        ("漢字 カタカナ ひら é\u0301t ½", ["漢", "字", "カタカナ", "ひ", "ら", "é\u0301t", "½"]),
    ],
)
def test_a_word_of_the_annex_is_what_its_rules_say(text, words):
    assert reference_splits.annex_words(text) == words
    assert count([text])[0]["dclm_ngram_characters"] == sum(map(len, words))


def test_all_copies_of_an_ngram_count_and_no_word_twice():
    found = count(["hello world hello\n world hello. apple world hello world hello world hello world"])[0]
    assert found["dclm_duplicate_5gram"] == 60
    assert found["dclm_ngram_characters"] == 65
    assert found["dclm_top_4gram"] == 3 * len("helloworldhelloworld")


def test_of_equally_frequent_ngrams_the_longest_counts_for_dclm():
    assert count(["a b a b a b ab cd ab cd ab cd abc def abc def"])[0]["dclm_top_2gram"] == 12


def test_stop_words_are_those_of_the_texts_language():
    assert count(["der Hund und die Katze"], language="de")[0]["stop_words"] == 3
    assert count(["der Hund und die Katze"])[0]["stop_words"] == 0
    assert_agree("der Hund und die Katze liegen in der Sonne", language="de")
    assert_agree("и вот он пришёл в дом", language="ru")


@pytest.mark.parametrize("language", stop_words.STOP_WORDS)
def test_every_listed_stop_word_is_found(language):
    listed = set(stop_words.STOP_WORDS[language].split())
    assert count([" ".join(sorted(listed))], language=language)[0]["stop_words"] == len(listed)


def test_encoded_data_is_measured():
    found = count(["x = '" + "QUJDREVG" * 20 + "'\n"])[0]
    assert (found["encoded_characters"], found["longest_encoded"]) == (160, 160)
    assert count(["k = { 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48 }"])[0]["longest_encoded"] == 46
    assert count(["only words stand here, and 12 of them are short"])[0]["encoded_characters"] == 0
    assert count(["'" + "\\u00e9" * 8 + "'"])[0]["longest_encoded"] == 48


def test_generated_files_are_told_by_their_first_five_lines():
    assert count(["// This file is generated.\nint a;"])[0]["generated_markers"] == 1
    assert count(["\n" * 5 + "// autogenerated"])[0]["generated_markers"] == 0
    assert count(['<?xml version="1.0"?>'])[0]["xml_headers"] == 1
