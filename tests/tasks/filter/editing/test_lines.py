"""Lines that the edits take out, and lines that only speak of the same things."""

import pytest

from tasks.filter.editing.lines import Config, prompts, rule_of


def rule(line, **config):
    return rule_of(line.encode(), Config(**config))


@pytest.mark.parametrize(
    "line",
    [
        "Sorry, you need to enable JavaScript to visit this website.",
        "JavaScript seems to be disabled in your browser.",
        "This email address is being protected from spambots. You need JavaScript enabled to view it.",
        "Bitte aktivieren Sie JavaScript in Ihrem Browser.",
        "Veuillez activer JavaScript dans votre navigateur.",
        "Por favor, active JavaScript en su navegador.",
    ],
)
def test_a_notice_to_turn_javascript_on_goes(line):
    assert rule(line) == "javascript"
    assert rule(line, javascript=None) is None


def test_a_line_about_javascript_goes_only_by_c4s_own_rule():
    line = "JavaScript closures keep the variables of the function that made them."
    assert rule(line) is None
    assert rule(line, javascript="all") == "javascript"


@pytest.mark.parametrize(
    "line",
    [
        "This website uses cookies to improve your experience. Accept Read More",
        "We use cookies on our site. By continuing to use it you agree to our use of cookies.",
        "Diese Website verwendet Cookies. Wenn du die Website weiterhin nutzt, stimmst du der Verwendung von Cookies zu.",
        "Ce site utilise des cookies pour améliorer votre expérience.",
        "Este sitio web utiliza cookies para que usted tenga la mejor experiencia de usuario.",
        "Questo sito usa i cookies per migliorare la tua esperienza di navigazione.",
    ],
)
def test_cookie_bars_go(line):
    assert rule(line) == "cookies"


@pytest.mark.parametrize(
    "line",
    [
        "The cookies were baked in our oven, and you can use butter or margarine.",
        "Return whether the cookie policy accepts the cookie.",
        "HTTP cookies store the session's id on the client.",
        "A cookie that the server sets is sent back with each request.",
    ],
)
def test_lines_about_cookies_stay(line):
    assert rule(line) is None


def test_policy_phrases_go_where_a_visitor_is_to_agree_and_everywhere_by_c4s_own_rule():
    notice = "By clicking “Post Your Answer”, you agree to our terms of service and privacy policy"
    about = "The court found the privacy policy of the company misleading, because it hid what was sold."
    assert rule(notice) == rule(about, policies="all") == "policies"
    assert rule(about) is None
    assert rule("You will have to accept the terms of use at the hub before the download starts.") is None
    assert rule("word " * 60 + notice) is None  # a paragraph


@pytest.mark.parametrize(
    ("line", "end", "words"),
    [
        ("He left.", None, None),
        ("A heading", "terminal_punctuation", "min_words"),
        ("and so on ...", "terminal_punctuation", None),
        ("“I know that”", None, None),
        ("   ", None, None),
    ],
)
def test_c4s_other_line_rules_are_options(line, end, words):
    assert rule(line) is None
    assert rule(line, terminal_punctuation=True) == end
    if line.strip() != "He left.":
        assert rule(line, min_words=3) == words


# DCLM's line edits, after the cases of its own tests.
@pytest.mark.parametrize(
    ("line", "dclm", "rule_name"),
    [
        ("HELLO WORLD and then", {"max_uppercase": 0.5}, None),  # 10 of 20
        ("HELLO WORLD and so", {"max_uppercase": 0.5}, "max_uppercase"),
        ("Hello, World", {"max_uppercase": 0.17}, None),
        ("Hello, World", {"max_uppercase": 0.16}, "max_uppercase"),
        ("12345", {"digits": True}, "digits"),
        ("12345.", {"digits": True}, None),
        ("3 likes", {"counters": True}, "counters"),
        ("3,000 Comments", {"counters": True}, "counters"),
        ("* 5.1M   views  !", {"counters": True}, "counters"),
        ("Hello, World with 3 views.", {"counters": True}, None),
        ("1" * 5000 + " lik", {"counters": True}, None),
        ("Alone", {"min_words": 2}, "min_words"),
        ("not\u00a0alone", {"min_words": 2}, None),
    ],
)
def test_dclms_line_edits_are_options(line, dclm, rule_name):
    assert rule(line, boilerplate=False) is None
    assert rule(line, boilerplate=False, **dclm) == rule_name


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("Please read more...", "Please"),
        ("  read more...", ""),
        ("Read more...and find out!", "Read more...and find out!"),
        ("A summary of what is in it, and that is more than ten words. Read more...", None),
        ("Sign-in for full access", "for full access"),
        ("how to sign-in", "how to sign-in"),
        ("You have 3 items in cart, 2 items in cart", "You have 3, 2"),
        ("items in cart items in cart", ""),
    ],
)
def test_prompts_go_and_the_rest_of_a_short_line_stays(line, left):
    found = prompts(line.encode())
    for start, end in reversed(found):
        line = line[:start] + line[end:]
    if left is None:
        assert found == []
    else:
        assert line == left
