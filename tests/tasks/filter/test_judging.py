"""Verdicts from signals: thresholds, order, reasons."""

import pyarrow as pa
import pytest

from tasks.errors import ConfigError
from tasks.filter import judge, score
from tasks.filter.families import FAMILIES
from tasks.filter.judging import VERDICTS, active_rules, rule_name
from tasks.filter.scoring import SIGNALS
from tasks.filter.verdicts import Config

GOOD = """The history of the harbour begins with a small wall that the monks built to keep the sea out of
their fields. It was repaired after every winter, and the records of the abbey tell what each repair had cost.

In the following century the town grew, and merchants asked for a pier where larger ships could unload.
They offered to pay half of the price. The council refused, because it feared to lose the fishing grounds.
Nobody knows today who changed its mind, but the pier stands and people have tea with a view of it.
"""


def verdict(text, profile="fineweb", **config):
    return judge(score([text]), profile, Config.model_validate(config)).to_pylist()[0]


def first_rule(text, profile="fineweb", **config):
    return verdict(text, profile, **config)["rule"]


def test_good_prose_is_kept_without_a_reason():
    row = {"verdict": "kept", "rule": None, "failed_rules": [], "score": None, "threshold": None}
    assert verdict(GOOD) == row


def test_a_dropped_text_says_what_was_seen_and_what_was_asked():
    row = verdict("The end of that.")
    assert row["rule"] == "gopher_repetition.top_2gram"
    assert row["score"] == 0.4375  # "The end", 7 of 16 characters
    assert row["threshold"] == 0.2
    assert row["failed_rules"][0] == row["rule"]
    assert "gopher_quality.min_words" in row["failed_rules"]
    assert "c4.min_sentences" in row["failed_rules"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (GOOD[:150] + ".", "gopher_quality.min_words"),
        (GOOD.replace(" t", " #t"), "gopher_quality.max_hash_ratio"),
        (GOOD.replace(" of", " 3 4 5 6").replace(".\n", " 7 8 9.\n"), "gopher_quality.min_alphabetic_words"),
        (GOOD + "\n" + GOOD, "gopher_repetition.duplicate_paragraphs"),
        (GOOD + "Lorem ipsum dolor sit amet.\n", "c4.max_lorem_ipsum_lines"),
        (GOOD + "Set a = {} before the call.\n", "c4.max_curly_bracket_lines"),
        (" ".join(GOOD.replace(".", ",").split()) + ".", "c4.min_sentences"),
        (GOOD.replace(".\n", "\n"), "fineweb.min_terminal_lines"),
        (GOOD.replace("\n", "\n" * 6), "fineweb.max_newlines_per_word"),
        (GOOD + "One two.\nOne two.\n", "fineweb.max_duplicate_line_characters"),
    ],
)
def test_each_rule_bites_where_it_should(text, rule):
    assert first_rule(text) == rule


def test_a_threshold_is_met_by_equality():
    words = score([GOOD])["real_words"].to_pylist()[0]
    assert first_rule(GOOD, gopher_quality={"min_words": words}) is None
    assert first_rule(GOOD, gopher_quality={"min_words": words + 1}) == "gopher_quality.min_words"
    assert first_rule(GOOD, gopher_quality={"max_words": words}) is None


def test_null_turns_a_rule_off():
    assert (
        "gopher_quality.min_words" not in verdict("The.", gopher_quality={"min_words": None})["failed_rules"]
    )


def test_the_profile_decides_which_families_run_and_in_which_order():
    short = "The end of that."
    assert first_rule(short, profiles={"fineweb": ["c4", "gopher_quality"]} | REST) == "c4.min_sentences"
    assert (
        first_rule(short, profiles={"fineweb": ["gopher_quality", "c4"]} | REST) == "gopher_quality.min_words"
    )
    assert first_rule(short, profiles={"fineweb": []} | REST) is None


REST = {"code": ["code"], "books": ["books"]}


def test_code_is_held_to_its_line_lengths_and_characters():
    source = "def double(x):\n    return 2 * x\n\n\nprint(double(21), double(4))\n"
    assert first_rule(source, "code") is None
    assert first_rule(source + "x = '" + "ab" * 600 + "'\n", "code") == "code.max_mean_line_length"
    assert first_rule(source * 20 + "x = '" + "ab" * 600 + "'\n", "code") == "code.max_line_length"
    assert first_rule("{}[]();,.<>" * 8 + "\n", "code") == "code.min_alphanumeric"
    assert first_rule("x = 1\n", "code") == "code.min_characters"


def test_books_are_long_and_made_of_letters():
    assert first_rule(GOOD * 5, "books") is None
    assert first_rule(GOOD, "books") == "books.min_words"
    assert first_rule("| 12 | 3.5 | ab |\n" * 300, "books") == "books.min_alphabetic"


def test_language_counts_only_where_it_was_detected():
    scores = score([GOOD] * 4)
    languages = pa.array(["en", "en", "fr", None], pa.string())
    told = scores.append_column("language", languages).append_column(
        "language_score", pa.array([0.65, 0.64, 0.9, 0.0])
    )
    rows = judge(told).to_pylist()
    assert [row["rule"] for row in rows] == [None, "language", "language", "language"]
    assert [row["score"] for row in rows] == [None, 0.64, 0.0, 0.0]
    assert judge(scores)["rule"].null_count == 4
    assert judge(told, "code")["rule"].null_count == 4


def test_no_rows_give_no_verdicts():
    assert judge(score([])).schema == VERDICTS


def test_an_unknown_profile_and_missing_signals_are_named():
    with pytest.raises(ConfigError, match=r"no filter profile 'dclm'.*fineweb, code, books"):
        judge(score([GOOD]), "dclm")
    with pytest.raises(ConfigError, match="lack the signals real_words"):
        judge(score([GOOD]).drop_columns(["real_words"]))


def test_every_rule_has_its_threshold_its_signal_and_a_name_of_its_own():
    always_there = [family for family in FAMILIES if getattr(Config(), family) is not None]
    assert set(FAMILIES) - set(always_there) == {"quality"}  # whose section says what to learn from
    everything = active_rules(Config(), always_there)
    names = [rule_name(family, rule) for family, rule, _ in everything]
    assert len(set(names)) == len(names)
    assert {rule.signal for _, rule, _ in everything} <= {*SIGNALS, "language_score"}
    for family in always_there:
        keys = {rule.key for rule in FAMILIES[family].RULES}
        assert keys == set(FAMILIES[family].Config.model_fields) - {"languages"}, family
