"""Which lines the edits take out: notices about JavaScript, cookies and policies, and a site's furniture.

Bytes in, the name of a rule out. A line ends at a newline; a carriage return before it doesn't count.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from tasks.filter.editing.boilerplate import is_boilerplate
from tasks.filter.editing.candidates import COOKIE_WORD, JAVASCRIPT_WORD, POLICIES
from tasks.node import Config as NodeConfig

Mode = Literal["careful", "all"]
RULES = ("javascript", "cookies", "policies", "boilerplate", "max_uppercase", "digits", "counters", "min_words",
         "terminal_punctuation", "prompts")  # fmt: skip
# C4's policy phrases.
C4_POLICIES = (*POLICIES, b"cookie policy", b"uses cookies", b"use of cookies", b"use cookies")
NOTICE_WORDS = 60  # a notice has no more; a paragraph about the subject has

# Words that speak to a visitor, and words that say what a visitor is to do. Both must be there: an article or a
# manual about JavaScript or cookies has few lines that say "please enable" or "we use ... on this site".
_VISITOR = re.compile(
    rb"\b(?:you|your|our|we|us|please|this (?:web ?)?(?:site|page|app|website|feature|form)|bitte|sie|ihre[nmrs]?|"
    rb"ihr|du|dich|dir|deine[nmrs]?|wir|unsere[nmrs]?|diese[rs]? (?:web ?)?(?:seite|site)|vous|votre|vos|nous|notre|nos|veuillez|ce site|usted|su|sus|"
    rb"tu|tus|nuestr[oa]s?|nosotros|por favor|este sitio|esta p\xc3\xa1gina|esta web|voi|tuo|nostr[oi]|questo sito|"
    rb"voc\xc3\xaa|nosso|nossos|este site|wij|onze|uw|jouw|deze (?:web)?site|the (?:web ?)?site)\b"
)
_TURN_ON = re.compile(
    rb"\b(?:enabled?|enabling|disabled?|turned off|turn on|turned on|switch on|activate[ds]?|requires?|required|"
    rb"needs?|must|support(?:s|ed)?|allow|without|working|to view|aktivier\w*|deaktiviert|eingeschaltet|einschalten|"
    rb"ben\xc3\xb6tig\w*|activ\w+|d\xc3\xa9sactiv\w*|habilit\w*|deshabilit\w*|desactiv\w*|attiva\w*|ativ\w+|"
    rb"inschakel\w*|schakel)"
)
_PLACE = re.compile(  # where it is to be turned on, or the request itself
    rb"\b(?:browsers?|site|website|page|webseite|seite|sitio|p\xc3\xa1gina|navigateur|navegador|please|bitte|"
    rb"veuillez|por favor|protected from spambots)\b"
)
_CONSENT = re.compile(
    rb"(?:\baccept\w*|\bagree\w*|\bconsent\w*|\bcontinu\w+|\bby using\b|\bimprov\w+|\bexperience\b|\bpersonali[sz]\w+|"
    rb"\banaly[sz]\w+|\bsettings\b|\bpreferences\b|\bmanage\b|\bdecline\b|\breject\b|\bopt[ -]out\b|"
    rb"\bensure\b|\bfind out more\b|\blearn more\b|\bread more\b|\bfunctionality\b|\bbest\b|"
    rb"\bzustimm\w*|\bstimm(?:en sie|st du|e) |\bbestm\xc3\xb6glich\w*|\beinverstanden\b|\bakzeptier\w*|"
    rb"\bablehn\w*|\bnutzung\w*|\bverbesser\w*|\bweitere? info\w*|"
    rb"\bbereitstell\w*|\beinstellungen\b|\bpoursuiv\w*|\bnavigation\b|\bexp\xc3\xa9rience\b|\bam\xc3\xa9liorer\b|"
    rb"\bparam\xc3\xa9tr\w*|\ben savoir plus\b|\bacept\w*|\bnavegando\b|\bmejorar\b|\bexperiencia\b|\bconfigur\w*|"
    rb"\bm\xc3\xa1s informaci\xc3\xb3n\b|\baccett\w*|\bmigliorare\b|\besperienza\b|\baceit\w*|\bmelhorar\b|"
    rb"\bexperi\xc3\xaancia\b|\bakkoord\b|\bverbeteren\b|\binstellingen\b)"
)
_USE_COOKIES = re.compile(
    rb"\b(?:use|uses|using|used|store|stores|set|sets|place|utili[sz]\w*|usamos|usa|verwend\w*|benutz\w*|nutzt|nutzen|nutzung|"
    rb"setzt|einsatz|emploi\w*|usiamo|usa|gebruik\w*|accept\w*|enabled?|manage|allow|acept\w*|akzeptier\w*|consent|"
    rb"zustimm\w*|accett\w*|aceit\w*)\b"
)
# DCLM's counters, "3 likes" and "1.5K views" on a line of their own; and its prompts, which it takes out of lines of
# at most PROMPT_WORDS words.
_COUNTER = re.compile(
    r"\W*+\d[\d.,]*+[kmb]?\s+(?:likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes|downloads|"
    r"views|followers)\W*"
)
_PROMPT = re.compile(rb"\s?items in cart|\s?read more(?:\.\.\.|\xe2\x80\xa6)$|^sign-in\s?")
PROMPT_WORDS = 10
_AGREE = re.compile(  # "you will have to accept the terms of use at ..." is advice, not a notice
    rb"(?:\bour\b|\byou (?:agree|accept|consent)|\bi (?:have read|agree|accept|consent)|\bplease (?:read|see|review)|"
    rb"\bby (?:using|clicking|signing|submitting|continuing|registering|subscribing|creating|checking|entering)\b|"
    rb"\bprotected by recaptcha\b|\ball rights reserved\b|\xc2\xa9)"
)


class Config(NodeConfig):
    """Which lines go; null or false turns a rule off.

    javascript: C4 takes every line that says "javascript" ("all"; Raffel et al. 2020); "careful" those of at most
    NOTICE_WORDS words that ask a visitor to turn it on, and leaves those that are about it.
    policies: C4's phrases ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies",
    "use cookies"): every line with one ("all"), or those that ask a visitor to agree.
    cookies: cookie bars in eight languages. boilerplate: lines of `boilerplate`'s phrases and nothing else.
    terminal_punctuation: lines must end in one of . ? ! " ' (C4; FineWeb turns it off).
    min_words: words of the shortest line (C4 and FineWeb: 3, DCLM: 2; it takes headings and the items of lists).
    The rest is DCLM's (Li et al. 2024, after RefinedWeb). max_uppercase: share of capitals among a line's characters
    (0.5). digits: lines of nothing but digits. counters: "3 likes". prompts: "items in cart" anywhere, "Read more..."
    at the end and "Sign-in" at the beginning of lines of at most ten words; the rest of the line stays.
    """

    javascript: Mode | None = "careful"
    policies: Mode | None = "careful"
    cookies: bool = True
    boilerplate: bool = True
    terminal_punctuation: bool = False
    min_words: int | None = Field(None, ge=1)
    max_uppercase: float | None = Field(None, ge=0, le=1)
    digits: bool = False
    counters: bool = False
    prompts: bool = False

    @property
    def every_line(self) -> bool:
        """Whether all lines must be looked at."""
        return (
            self.terminal_punctuation
            or self.digits
            or self.counters
            or self.prompts
            or self.min_words is not None
            or self.max_uppercase is not None
        )


def rule_of(line: bytes, config: Config) -> str | None:
    """The rule that takes the line (without its newline) out, the first that holds; None if it stays."""
    low = line.lower()
    if config.javascript and JAVASCRIPT_WORD in low and (config.javascript == "all" or _asks_javascript(low)):
        return "javascript"
    if config.cookies and COOKIE_WORD in low and _asks_cookies(low):
        return "cookies"
    if config.policies and any(phrase in low for phrase in C4_POLICIES):
        everywhere = config.policies == "all"
        if everywhere or (_is_notice(low) and _AGREE.search(low)):
            return "policies"
    if config.boilerplate and is_boilerplate(line):
        return "boilerplate"
    if config.every_line and low.strip():
        text = line.decode("utf-8", "replace")
        if rule := _dclm_rule(text, config):
            return rule
        if config.min_words is not None and len(text.split()) < config.min_words:
            return "min_words"
        if config.terminal_punctuation and not _ends_sentence(low):
            return "terminal_punctuation"
    return None


def _dclm_rule(line: str, config: Config) -> str | None:
    """The first of DCLM's rules for whole lines that takes a line; the share of capitals counts spaces too."""
    if config.max_uppercase is not None and sum(map(str.isupper, line)) > config.max_uppercase * len(line):
        return "max_uppercase"
    if config.digits and line.isdigit():
        return "digits"
    if config.counters and _COUNTER.fullmatch(line.lower()):
        return "counters"
    return None


def prompts(line: bytes) -> list[tuple[int, int]]:
    """Where DCLM's prompts stand in a line (without its newline); all of it where nothing else is left."""
    if len(line.decode("utf-8", "replace").split(None, PROMPT_WORDS)) > PROMPT_WORDS:
        return []
    found = [match.span() for match in _PROMPT.finditer(line.lower())]
    left = line
    for start, end in reversed(found):
        left = left[:start] + left[end:]
    return found if left.strip() or not found else [(0, len(line))]


def _is_notice(low: bytes) -> bool:
    return len(low.split(None, NOTICE_WORDS + 1)) <= NOTICE_WORDS and _VISITOR.search(low) is not None


def _asks_javascript(low: bytes) -> bool:
    """Whether a visitor is told to turn JavaScript on."""
    return _is_notice(low) and _TURN_ON.search(low) is not None and _PLACE.search(low) is not None


def _asks_cookies(low: bytes) -> bool:
    """Whether a visitor is told that cookies are used, and asked to bear it."""
    return _is_notice(low) and _USE_COOKIES.search(low) is not None and _CONSENT.search(low) is not None


def _ends_sentence(low: bytes) -> bool:
    """C4's rule: one of . ? ! " ' ends the line, and no ellipsis does; curly quotes count as quotes."""
    line = low.rstrip()
    return line.endswith(
        (b".", b"?", b"!", b'"', b"'", b"\xe2\x80\x9d", b"\xe2\x80\x99")
    ) and not line.endswith(b"...")
