"""Which script a letter belongs to, and in which scripts a language is written.

A letter's script is the first word of its Unicode name; Hiragana, Katakana and Han, which Japanese mixes, are
kept apart. The languages are those of lid.176 whose script is certain; a label that ends in an ISO 15924 code
(`eng_Latn`, as GlotLID's and NLLB's do) says its script itself. Languages that aren't listed may be in any.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

SCRIPTS = {  # ISO 15924 code -> first words of the names of its letters
    "Latn": "LATIN FULLWIDTH",
    "Cyrl": "CYRILLIC",
    "Grek": "GREEK",
    "Arab": "ARABIC",
    "Hebr": "HEBREW",
    "Armn": "ARMENIAN",
    "Geor": "GEORGIAN",
    "Deva": "DEVANAGARI",
    "Beng": "BENGALI",
    "Guru": "GURMUKHI",
    "Gujr": "GUJARATI",
    "Orya": "ORIYA",
    "Taml": "TAMIL",
    "Telu": "TELUGU",
    "Knda": "KANNADA",
    "Mlym": "MALAYALAM",
    "Sinh": "SINHALA",
    "Thai": "THAI",
    "Laoo": "LAO",
    "Tibt": "TIBETAN",
    "Mymr": "MYANMAR",
    "Khmr": "KHMER",
    "Ethi": "ETHIOPIC",
    "Hang": "HANGUL",
    "Hira": "HIRAGANA",
    "Kana": "KATAKANA",
    "Hani": "CJK",
    "Thaa": "THAANA",
    "Mong": "MONGOLIAN",
    "Syrc": "SYRIAC",
    "Cher": "CHEROKEE",
    "Copt": "COPTIC",
    "Tfng": "TIFINAGH",
    "Cans": "CANADIAN",
    "Goth": "GOTHIC",
    "Vaii": "VAI",
    "Olck": "OL",
    "Zzzz": "",  # any other
}
_OTHER = len(SCRIPTS) - 1
NO_SCRIPT = 255  # not a letter
TABLE_SIZE = 0x33000
_JAPANESE = "Hira Kana Hani"

LANGUAGES = {  # scripts -> lid.176's codes
    "Latn": (
        "af als an ast bar bcl br bs ca cbk ceb co cs cy da de diq dsb eml en eo es et eu fi fr frr fy ga gd gl "
        "gn gv hif hr hsb ht hu ia id ie ilo io is it jbo jv kw la lb li lmo lt lv mg min ms mt mwl nah nap nds "
        "nl nn no oc pam pfl pl pms pt qu rm ro sc scn sco sk sl so sq su sv sw tl tr vec vep vi vls vo wa war yo"
    ),
    "Cyrl": "av ba be bg bxr ce cv kv krc ky mhr mk mn mrj myv os ru rue sah tt tyv uk xal",
    "Grek": "el",
    "Arab": "ar arz azb ckb fa lrc mzn pnb ps sd ug ur",
    "Hebr": "he yi",
    "Armn": "hy",
    "Geor": "ka xmf",
    "Deva": "bh dty gom hi mai mr ne new sa",
    "Beng": "as bn bpy",
    "Guru": "pa",
    "Gujr": "gu",
    "Orya": "or",
    "Taml": "ta",
    "Telu": "te",
    "Knda": "kn",
    "Mlym": "ml",
    "Sinh": "si",
    "Thai": "th",
    "Laoo": "lo",
    "Tibt": "bo",
    "Mymr": "my",
    "Khmr": "km",
    "Ethi": "am",
    "Hang Hani": "ko",
    _JAPANESE: "ja",
    "Hani": "wuu yue zh",
    "Thaa": "dv",
    "Latn Cyrl": "az kk lez sh sr tg tk uz",
    "Latn Arab": "ku",
}
EVERY_SCRIPT = (1 << 64) - 1


@cache
def script_table() -> Any:
    """uint8 (TABLE_SIZE): each letter's script, as an index into SCRIPTS; NO_SCRIPT for what isn't a letter."""
    import numpy as np

    numbers = {word: n for n, words in enumerate(SCRIPTS.values()) for word in words.split()}
    found = np.full(TABLE_SIZE, NO_SCRIPT, dtype=np.uint8)
    for cp in range(TABLE_SIZE):
        if chr(cp).isalpha():
            first = unicodedata.name(chr(cp), "").partition(" ")[0]
            found[cp] = numbers.get(first, _OTHER)
    return found


def scripts_of(label: str) -> int:
    """The scripts that a language's text may be in, as bits in the order of SCRIPTS."""
    numbers = {code: n for n, code in enumerate(SCRIPTS)}
    _, _, named = label.rpartition("_")
    if named in numbers:
        return 1 << numbers[named]
    found = 0
    for scripts, codes in LANGUAGES.items():
        if label in codes.split():
            for code in scripts.split():
                found |= 1 << numbers[code]
    return found or EVERY_SCRIPT
