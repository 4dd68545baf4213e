"""Lines that are a website's furniture and nothing else."""

import pytest

from tasks.filter.editing.boilerplate import is_boilerplate, phrases
from tasks.filter.editing.candidates import SHORT_LINE, first_word


@pytest.mark.parametrize(
    "line",
    [
        "Share this:",
        "  • Share on Facebook",
        "Share 599 Tweet 375",
        "Click to share on Twitter (Opens in new window)",
        "Facebook | Twitter | Pinterest",
        "READ MORE »",
        "-- Anzeige --",
        "Impressum & Datenschutz | AGB",
        "Kommentare (4) Kommentar schreiben",
        "Mot de passe oublié ?",
        "Síguenos en Facebook",
        "Your email address will not be published. Required fields are marked *",
        "Comments are closed.",
        "S’abonner à la newsletter",
    ],
)
def test_furniture_goes(line):
    assert is_boilerplate(line.encode())


@pytest.mark.parametrize(
    "line",
    [
        "Share",
        "Login",
        "About us",
        "Facebook, Twitter, Instagram",
        "Facebook and Twitter",
        "Search and more",
        "Read more books.",
        "“Read more.”",
        "I agree.",
        "Share this with the class and discuss it.",
        "# Sign in",
        "sign_in",
        "subscribe(), login()",
        "1-800-873-2730    Log In",
        "Advertentie 56193",
        "",
        "   ",
        "Log in to the server with ssh.",
    ],
)
def test_what_somebody_may_have_written_stays(line):
    assert not is_boilerplate(line.encode())


def test_long_lines_are_never_furniture():
    assert not is_boilerplate(("Share this " * 30).encode())
    assert not is_boilerplate(b"Read more" + b" " * SHORT_LINE)


def test_every_phrase_is_found_alone_or_in_company_whatever_its_case():
    for phrase in phrases()["strong"]:
        for form in (phrase, phrase.capitalize(), phrase.upper()):
            assert is_boilerplate(form.encode()), form
    for phrase in phrases()["weak"]:
        assert is_boilerplate(f"{phrase} | Read more".encode()), phrase


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("  • 12 Read More", b"read"),
        ("«Évènement»", "Évènement".encode()),
        ("", b""),
        ("… 3", b""),
        ("a’b", b"a"),
    ],
)
def test_the_first_word_is_the_first_run_of_letters(line, word):
    assert first_word(line.encode()) == word
