"""Verdicts from signals: thresholds, order, reasons."""

import pyarrow as pa
import pytest

from tasks.errors import ConfigError
from tasks.filter import judge, score
from tasks.filter.config import Config
from tasks.filter.families import FAMILIES
from tasks.filter.judging import VERDICTS, active_rules, rule_name
from tasks.filter.text_signals.scoring import SIGNALS
from tasks.filter.urls.blocklists import Measured

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


def test_a_profile_may_have_thresholds_of_its_own():
    short = GOOD[:150] + "."
    assert first_rule(short) == "gopher_quality.min_words"
    mine = {
        "profiles": {"mine": {"gopher_quality": {"min_words": 10}, "fineweb": None}} | REST,
        "kinds": KINDS,
    }
    assert first_rule(short, "mine", **mine) is None
    assert first_rule("Too short.", "mine", **mine) == "gopher_quality.min_words"
    assert verdict("Too short.", "mine", **mine)["threshold"] == 10
    mine["gopher_quality"] = {
        "min_words": 400,
        "max_mean_word_length": 4,
    }  # the section; min_words is the profile's
    assert verdict(GOOD, "mine", **mine)["failed_rules"] == ["gopher_quality.max_mean_word_length"]


KINDS = dict.fromkeys(("web", "text", "code", "book"), "mine")


def test_a_language_may_have_thresholds_of_its_own():
    scores = score([GOOD, GOOD, GOOD]).append_column("language", pa.array(["en", "de", None], pa.string()))
    told = scores.append_column("language_score", pa.array([0.9, 0.9, 0.9]))
    config = {
        "language": {"languages": ["en", "de"]},
        "languages": {"de": {"gopher_quality": {"min_words": 1000}, "language": {"min_score": 0.95}}},
    }
    rows = judge(told, "fineweb", Config.model_validate(config)).to_pylist()
    assert [row["rule"] for row in rows] == [None, "language", "language"]
    assert rows[1]["failed_rules"] == ["language", "gopher_quality.min_words"]
    assert rows[2]["failed_rules"] == ["language"]


def test_stop_words_are_asked_for_in_the_documents_language():
    german = "Der Hund und die Katze liegen in der Sonne vor dem Haus, das nicht mehr bewohnt ist. " * 8
    judged = {
        code: judge(score([german], [code])).to_pylist()[0]["failed_rules"] for code in ("en", "de", "th")
    }
    assert "gopher_quality.min_stop_words" in judged["en"]
    assert "gopher_quality.min_stop_words" not in judged["de"]
    assert "gopher_quality.min_stop_words" not in judged["th"]  # no list


# The cases of DCLM's own tests of its filters, as texts and bounds of ours.
@pytest.mark.parametrize(
    ("text", "rule", "passes", "fails"),
    [
        ("Hello\nHello\n\n\n\nHello", "dclm_repetition.duplicate_lines", 1, 0.99),
        ("Hello, World.", "dclm_repetition.duplicate_lines", 0, None),
        ("Hello, World.\nHello, World.\n\nHello", "dclm_repetition.duplicate_lines", 0.68, 0.66),
        ("Hello, World.\nHello, World.\n\nHello", "dclm_repetition.duplicate_line_characters", 0.85, 0.83),
        ("a b.\n\na b.\n\na b.\nc", "dclm_repetition.duplicate_paragraphs", 0.67, 0.66),
        ("hello", "dclm_repetition.top_2gram", 0, None),
        ("hello world hello world hello world", "dclm_repetition.top_2gram", 1, 0.99),
        ("hello world hello world hello world", "dclm_repetition.top_4gram", 1.34, 0.99),
        ("hello   world hello apple.... world hello\n world hello", "dclm_repetition.top_3gram", 0.76, 0.74),
        ("hello   world hello apple.... world hello\n world hello", "dclm_repetition.top_4gram", 0, None),
        ("a b a b a b ab cd ab cd ab cd abc def abc def", "dclm_repetition.top_2gram", 0.41, 0.39),
        ("Hello world. \n\n This is a test.", "dclm_quality.min_words", 6, 7),
        ("Mr. Smith bought 2.5 kilograms of fruit.", "dclm_quality.min_words", 7, 8),
        ("one line ends so. . .\n and one doesn't", "dclm_quality.max_ellipsis_lines", 0.51, 0.49),
        ("so……\n…ends so…\nand not", "dclm_quality.max_ellipsis_lines", 0.67, 0.66),
        ("a...b...c and no line's end", "dclm_quality.max_ellipsis_lines", 0.01, None),
        ("● two lines\n* with bullets\n and one without", "dclm_quality.max_bullet_lines", 0.67, 0.66),
        ("The best of the best", "dclm_quality.min_stop_words", 3, 4),
        ("Then Tom and Sally withheld bees", "dclm_quality.min_stop_words", 1, 2),
        ("The average word length is 4.33", "dclm_quality.min_mean_word_length", 4, 5),
        ("The cat in the hat", "dclm_quality.min_mean_word_length", 2.8, 3),
        ("Loquaciousness verylongwords", "dclm_quality.max_mean_word_length", 14, 10),
        ("#hashtags #on #every #word", "dclm_quality.max_symbol_ratio", 1, 0.1),
        ("#hashtags and ellipses both count. . .", "dclm_quality.max_symbol_ratio", 0.29, 0.25),
        ("This sentence contains <1,000 non-alphabetic w0rd5 within it but >1.", "dclm_quality.min_alphabetic_words", 0.8, 0.9),
    ],
)  # fmt: skip
def test_dclms_cases(text, rule, passes, fails):
    family, key = rule.split(".")
    assert rule not in verdict(text, "dclm", **{family: {key: passes}})["failed_rules"]
    if fails is not None:
        assert rule in verdict(text, "dclm", **{family: {key: fails}})["failed_rules"]


@pytest.mark.parametrize(
    ("text", "rule", "passes", "fails"),
    [
        ("a" * 1001 + "\nshort", "code.max_line_length", 1001, 1000),
        ("a line\n" * 50, "code.max_line_length", 6, 5),
        ("a" * 200 + "\n" + "b" * 800 + "\n" + "c" * 300, "code.max_mean_line_length", 434, 433),
        ("a line\n" * 20, "code.max_mean_line_length", 6, 5),
        ("Hello 123!", "code.min_alphanumeric", 0.8, 0.81),
        ("!@#$%    ", "code.min_alphanumeric", 0, 0.01),
    ],
)
def test_dclms_cases_for_code(text, rule, passes, fails):
    key = rule.split(".")[1]
    assert rule not in verdict(text, "code", code={key: passes})["failed_rules"]
    assert rule in verdict(text, "code", code={key: fails})["failed_rules"]


@pytest.mark.parametrize(
    ("before", "after", "dropped"),
    [(6, 6, False), (6, 4, True), (100, 95, False), (100, 94, True), (100, 0, True)],
)
def test_dclms_cases_of_removed_words(before, after, dropped):
    scores = score(["word\n" * after])
    lost = scores.append_column("removed_word_ratio", pa.array([round((before - after) / before, 4)]))
    assert scores["dclm_words"].to_pylist() == [after]
    assert ("dclm_edits.max_removed_words" in judge(lost, "dclm")["failed_rules"].to_pylist()[0]) == dropped


# The cases of datatrove's own tests of its filters.
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("I am your father.\n" * 4, "gopher_repetition.duplicate_lines"),
        ("I am your father.\n\n" * 4, "gopher_repetition.duplicate_paragraphs"),
        ("I am groot.\n\nYou are a wizard.\n\nI am your father.\n\n" + f"{'x' * 30}.\n\n" * 2, "gopher_repetition.duplicate_paragraph_characters"),
        ("I am groot.\nYou are a wizard.\nI am your father.\n" + f"{'x' * 40}.\n" * 2, "gopher_repetition.duplicate_line_characters"),
        ("I am Frank, I am Frank, I am Frank", "gopher_repetition.top_2gram"),
        ("I am Frank, you are Jhon. I am Frank. I am Frank you are Jhon", "gopher_repetition.top_3gram"),
        ("I am a solo traveller " * 4 + GOOD[:215], "gopher_repetition.duplicate_5grams"),
        ("I am too small...", "gopher_quality.min_words"),
        ("I am " * 20, "gopher_quality.min_mean_word_length"),
        ("interconnection " * 20, "gopher_quality.max_mean_word_length"),
        ("# comment " * 20, "gopher_quality.max_hash_ratio"),
        ("... comment " * 20, "gopher_quality.max_ellipsis_ratio"),
        ("the ./!*?<><> apple <?////> orange  ++ interconnection !<>??? have" * 20, "gopher_quality.min_alphabetic_words"),
        ("No marks here\nAnother line without any\nStill none", "fineweb.min_terminal_lines"),
        ("hi.\nbye.\nok.\nno.\nyes.", "fineweb.max_short_lines"),
        ("\n".join(["a"] * 50), "fineweb.min_terminal_lines"),
        ("", "fineweb.min_lines"),
        ("Just one sentence.", "c4.min_sentences"),
        ("Here is some lorem ipsum.\n" + "A line that is a sentence.\n" * 5, "c4.max_lorem_ipsum_lines"),
        ("Here is a { in a line.\n" + "A line that is a sentence.\n" * 5, "c4.max_curly_bracket_lines"),
    ],
)  # fmt: skip
def test_datatroves_cases(text, rule):
    family = rule.split(".")[0]
    alone = {"profiles": {"fineweb": [family], "code": ["code"], "books": ["books"]}}
    bounds = {"gopher_quality": {"min_words": 10, "max_words": 1000}}
    assert first_rule(text, **alone, **bounds) == rule


def test_the_papers_words_stand_between_whitespace():
    assert first_rule(GOOD, "gopher") is None
    assert first_rule(GOOD[:150], "gopher") == "massivetext_quality.min_words"
    assert (
        "massivetext_quality.min_alphabetic_words" in verdict("a 1 2 , . - b " * 20, "gopher")["failed_rules"]
    )
    assert "massivetext_repetition.duplicate_5grams" in verdict(GOOD + GOOD, "gopher")["failed_rules"]


@pytest.mark.parametrize("profile", ["fineweb", "dclm", "gopher"])
def test_good_prose_passes_every_profile_of_prose(profile):
    assert first_rule(GOOD, profile) is None


def test_code_is_held_to_its_line_lengths_and_characters():
    source = "def double(x):\n    return 2 * x\n\n\nprint(double(21), double(4))\n"
    assert first_rule(source, "code") is None
    assert first_rule(source + "x = '" + "ab" * 600 + "'\n", "code") == "code.max_mean_line_length"
    assert first_rule(source * 20 + "x = '" + "ab" * 600 + "'\n", "code") == "code.max_line_length"
    assert first_rule("{}[]();,.<>" * 8 + "\n", "code") == "code.min_alphanumeric"
    assert first_rule("x = 1\n", "code") == "code.min_characters"
    assert (
        first_rule("# Automatically generated, don't edit\n" + source, "code") == "code.max_generated_markers"
    )
    assert first_rule('<?xml version="1.0"?>\n' + source, "code") == "code.max_xml_headers"
    assert first_rule("1234567890 = 0987654321\n" * 5, "code") == "code.min_alphabetic"
    data = "".join(f"'{'QUJDREVG' * 11}',\n" for _ in range(13))
    assert first_rule(source + data, "code") == "code.max_encoded"
    assert first_rule(source * 20 + "x = '" + "QUJD" * 20 + "'\n", "code") is None


def by_language(text, language, **config):
    scores = score([text]).append_column("code_language", pa.array([language], pa.string()))
    return judge(scores, "code", Config.model_validate(config)).to_pylist()[0]["rule"]


SOURCE = "def double(x):\n    return 2 * x\n\n\nprint(double(21), double(4))\n"
HTML = "<!DOCTYPE html>\n<p class='a > b'>" + GOOD[:150] + "</p><!-- " + "x y " * 20 + "-->\n"


@pytest.mark.parametrize(
    ("language", "text", "rule"),
    [
        ("HTML", HTML, None),
        ("HTML", HTML + "<script>" + "let a = b;\n" * 100 + "</script>", "code.min_html_text"),
        ("HTML", "<p>Too little, and yet of a page most of what is there</p>", "code.min_html_text_characters"),
        ("HTML", HTML + "<i>word word</i>" * 900, None),  # a long line
        ("HTML", HTML + "a" * 100_001, "code.max_line_length"),
        ("Markdown", GOOD.replace("\n", " ") * 3, None),
        ("Python", GOOD.replace("\n", " ") * 3, "code.max_mean_line_length"),
        ("JSON", '{"name": "harbour"},\n' * 250, "code.max_characters"),
        ("JSON", '{"longitude": 12.25, "latitude": 1.25}\n' * 3, "code.min_alphabetic"),
        ("JSON", '{"name": "the harbour", "built": "by the monks"}\n' * 3, None),
        ("YAML", "harbour: built\n" * 300, None),
        ("YAML", "a: b\n" * 600, "code.max_lines"),
        ("XML", '<?xml version="1.0"?>\n<harbour><wall>the monks</wall></harbour>\n', None),
        ("Python", '<?xml version="1.0"?>\n<harbour><wall>the monks</wall></harbour>\n', "code.max_xml_headers"),
        ("Assembly", "1: .word 100, 200, 300, 400, 500, 600, 700\n" * 3, None),
        ("C", "1: .word 100, 200, 300, 400, 500, 600, 700\n" * 3, "code.min_alphabetic"),
        (None, SOURCE, None),
    ],
)  # fmt: skip
def test_starcoders_rules_for_single_languages(language, text, rule):
    assert by_language(text, language) == rule


def test_a_programming_language_may_have_thresholds_of_ones_own_or_none():
    page = HTML + "<script>" + "let a = b;\n" * 100 + "</script>"
    assert by_language(page, "HTML", languages={"de": {}}) == "code.min_html_text"
    assert by_language(page, "HTML", languages={"HTML": None}) is None
    mine = {"HTML": {"code": {"max_lines": 50}}, "Python": {"code": {"min_characters": 1000}}}
    assert by_language(page, "HTML", languages=mine) == "code.max_lines"
    assert by_language(SOURCE, "Python", languages=mine) == "code.min_characters"


def test_dclms_rule_on_edits_counts_only_where_they_were_recorded():
    scores = score([GOOD] * 3)
    told = scores.append_column("removed_word_ratio", pa.array([0.0, 0.05, 0.0501]))
    assert judge(scores, "dclm")["rule"].null_count == 3
    assert judge(told, "dclm")["rule"].to_pylist() == [None, None, "dclm_edits.max_removed_words"]


def test_books_are_long_and_made_of_letters():
    assert first_rule(GOOD * 5, "books") is None
    assert first_rule(GOOD, "books") == "books.min_words"
    assert first_rule("| 12 | 3.5 | ab |\n" * 300, "books") == "books.min_alphabetic"
    heads = "".join(f"{GOOD}\nTHE HISTORY OF THE HARBOUR, VOLUME THE FIRST\n" for _ in range(2))
    bound = {"books": {"max_duplicate_line_characters": 0.3}}
    assert first_rule(heads, "books", **bound) == "books.max_duplicate_line_characters"


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


def test_another_language_is_dropped_where_no_score_is_asked_for_too():
    scores = score([GOOD] * 3).append_column("language", pa.array(["en", "fr", None], pa.string()))
    told = scores.append_column("language_score", pa.array([0.0, 0.9, 0.0]))
    any_score = Config.model_validate({"language": {"min_score": 0}})
    assert judge(told, "fineweb", any_score)["rule"].to_pylist() == [None, "language", "language"]


def test_no_rows_give_no_verdicts():
    assert judge(score([])).schema == VERDICTS


def test_an_unknown_profile_and_missing_signals_are_named():
    with pytest.raises(ConfigError, match=r"no filter profile 'fine'.*fineweb, dclm, gopher, code, books"):
        judge(score([GOOD]), "fine")
    with pytest.raises(ConfigError, match="lack the signals real_words"):
        judge(score([GOOD]).drop_columns(["real_words"]))


def test_every_rule_has_its_threshold_its_signal_and_a_name_of_its_own():
    always_there = [family for family in FAMILIES if getattr(Config(), family) is not None]
    assert set(FAMILIES) - set(always_there) == {"quality"}  # whose section says what to learn from
    everything = active_rules(Config(), always_there)
    names = [rule_name(family, rule) for family, rule, _ in everything]
    assert len(set(names)) == len(names)
    assert {rule.signal for _, rule, _ in everything} <= {
        *SIGNALS,
        "language_score",
        "removed_word_ratio",
        *Measured.__dataclass_fields__,
    }
    for family in always_there:
        keys = {rule.key for rule in FAMILIES[family].RULES}
        assert keys == set(FAMILIES[family].Config.model_fields) - {"languages"}, family
