"""Card numbers, bank accounts and phone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from tasks.filter.editing.candidates import Spans, matches_in

# Lengths of IBANs by country (SWIFT's IBAN registry).
_IBAN_LENGTHS_TEXT = """
    15:NO 16:BE 18:DK,FI,FK,FO,GL,NL,SD 19:MK,SI 20:AT,BA,EE,KZ,LT,LU,MN,XK 21:CH,HR,LI,LV
    22:BG,BH,CR,DE,GB,GE,IE,ME,RS,VA 23:AE,GI,IL,IQ,OM,SO,TL 24:AD,CZ,ES,MD,PK,RO,SA,SE,SK,TN,VG 25:LY,PT,ST
    26:IS,TR 27:BI,DJ,FR,GR,IT,MC,MR,SM 28:AL,AZ,BY,CY,DO,GT,HN,HU,LB,NI,PL,SV 29:BR,EG,PS,QA,UA 30:JO,KW,MU,YE
    31:MT,SC 32:LC 33:RU
"""
IBAN_LENGTHS = {
    country: int(length)
    for length, countries in (item.split(":") for item in _IBAN_LENGTHS_TEXT.split())
    for country in countries.split(",")
}
GAP = "(?: |\xa0)?"  # between groups: nothing, a space or a no-break space


@cache
def _iban(country: str) -> re.Pattern[bytes] | None:
    """Its IBANs, in one piece or in groups of four (print format, ISO 13616)."""
    if country not in IBAN_LENGTHS:
        return None
    groups, rest = divmod(IBAN_LENGTHS[country] - 4, 4)
    last = f"{GAP}[A-Z0-9]{{{rest}}}" if rest else ""
    return re.compile(f"{country}[0-9]{{2}}(?:{GAP}[A-Z0-9]{{4}}){{{groups}}}{last}(?![A-Za-z0-9])".encode())


def ibans(text: bytes, places: Spans) -> Iterator[re.Match[bytes]]:
    """Account numbers that begin where the places do: length of the country, check digits (ISO 7064, mod 97)."""
    done = 0
    for start, _ in places:
        country = text[start : start + 2]
        if start < done or not country.isalpha() or not country.isupper():
            continue
        pattern = _iban(country.decode("ascii", "replace"))
        found = pattern.match(text, start) if pattern else None
        if found and not _within_word(text, start) and _mod97(found[0]) == 1:
            done = found.end()
            yield found


def _within_word(text: bytes, start: int) -> bool:
    return start > 0 and text[start - 1 : start].isalnum()


def _mod97(text: bytes) -> int:
    plain = text.replace(b" ", b"").replace(b"\xc2\xa0", b"").decode()
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97


# Groups as printed on the cards; the same separator throughout.
CARD = re.compile(
    rb"(?<![0-9A-Za-z_.,\-+/=#&%$])(?:"
    rb"[2-6][0-9]{3}([ -]?)[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{3})?"  # 16 or 19 digits
    rb"|3[47][0-9]{2}([ -]?)[0-9]{6}\2[0-9]{5}"  # American Express
    rb"|3[0689][0-9]{2}([ -]?)[0-9]{6}\3[0-9]{4}"  # Diners Club
    rb")(?![0-9A-Za-z_]|[.,\-/][0-9]|[ -][0-9])"
)


def cards(text: bytes, places: Spans) -> Iterator[re.Match[bytes]]:
    """Payment card numbers: an issuer's prefix and length, the check digit (Luhn), the print's grouping."""
    for found in matches_in(CARD, text, places):
        digits = [byte - 48 for byte in found[0] if 48 <= byte <= 57]
        if _issued("".join(map(str, digits[:6])), len(digits)) and _luhn(digits):
            yield found


def _issued(prefix: str, length: int) -> bool:
    """Whether an issuer numbers its cards so (ISO/IEC 7812)."""
    two, three, four = int(prefix[:2]), int(prefix[:3]), int(prefix[:4])
    if two in (34, 37):
        return length == 15  # American Express
    if 300 <= three <= 305 or two in (36, 38, 39):
        return length == 14  # Diners Club
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return length == 16  # Mastercard
    if prefix[0] == "4" or four == 6011 or 644 <= three <= 659 or two == 62 or 3528 <= four <= 3589:
        return length in (16, 19)  # Visa, Discover, UnionPay, JCB
    return False


def _luhn(digits: Sequence[int]) -> bool:
    total = sum(digits[-1::-2]) + sum(2 * digit - 9 * (digit > 4) for digit in digits[-2::-2])
    return total % 10 == 0 and len(set(digits)) > 1


PHONE_DIGITS = 7  # of the shortest number; the fast pass counts on it
_GAP = rb"(?:[ .\-/]|\xc2\xa0)"  # between groups of digits
# Quantifiers are possessive: a match is found or given up in time that is linear in its length.
# +, country, and groups; a trunk zero or an area in brackets.
_INTERNATIONAL = (
    rb"\+[1-9][0-9]{0,14}+(?: ?\(0\))?+(?:" + _GAP + rb"?\([0-9]{1,5}\))?+"
    rb"(?:(?:" + _GAP + rb"|(?<=\)))[0-9]{1,14}+){0,6}+"
)  # fmt: skip
_AMERICAN = (
    rb"(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[ .-][0-9]{4}"
    rb"|[2-9][0-9]{2}(?P<dot>[.-])[2-9][0-9]{2}(?P=dot)[0-9]{4})"
)
_FRENCH = rb"0[1-9](?:(?: [0-9]{2}){4}|(?:\.[0-9]{2}){4})"
# Any number, for behind a word that announces one.
_NATIONAL = rb"\(?[0-9]{1,15}+\)?+(?:(?: ?[/-] ?|" + _GAP + rb"|(?<=\)))[0-9]{1,8}+){0,7}+"
PHONE = re.compile(
    rb"(?<![0-9A-Za-z_.,\-+/=#&%$*^])(?:(?P<international>" + _INTERNATIONAL + rb")|(?P<american>" + _AMERICAN
    + rb")|(?P<french>" + _FRENCH + rb")|(?P<national>" + _NATIONAL + rb"))"
    rb"(?![0-9A-Za-z_]|[.,\-/+:][0-9]|[ ][0-9])"
)  # fmt: skip
_ANNOUNCED = re.compile(
    rb"(?:\b(?:tel|tel[e\xc3\xa9]+phone|telefon\w*|tel\xc3\xa9fono|t\xc3\xa9l|t\xc3\xa9l\xc3\xa9phone|phone|phones|fax|"
    rb"telefax|mobile|mob|mobil|handy|cell|m\xc3\xb3vil|movil|celular|call|call us|whatsapp|hotline|toll[ -]free|"
    rb"portable|ph)(?:[ .]*(?:no|nr|number|num|n\xc2\xb0|us|at|on)\b)?[\s.:#()]{0,4})$",
    re.IGNORECASE,
)
# Calling codes in use (ITU-T E.164), but for 1 and 7.
_CODES_TEXT = """
    20 27 30-34 36 39-41 43-49 51-58 60-66 81-82 84 86 90-95 98 211-213 216 218 220-258 260-269 290-291 297-299
    350-359 370-383 385-387 389 420-421 423 500-509 590-599 670 672-683 685-692 800 808 850 852-853 855-856 870 878
    880-883 886 888 960-968 970-977 979 992-996 998
"""
_CODES = frozenset(
    str(code)
    for item in _CODES_TEXT.split()
    for code in range(int(item.split("-")[0]), int(item.split("-")[-1]) + 1)
)


def phones(text: bytes, places: Spans) -> Iterator[re.Match[bytes]]:
    """Phone numbers that look like nothing else.

    With + and a calling code in use, 8 to 15 digits; in North America's form (212-555-7890, (212) 555-7890), area
    and exchange codes checked; in France's pairs; or any 7 to 15 digits in groups right behind a word such as
    "Tel." or "call". Numbers reserved for fiction (555-0100 to 555-0199) stay.
    """
    return (found for found in matches_in(PHONE, text, places) if _is_phone(text, found))


def _is_phone(text: bytes, found: re.Match[bytes]) -> bool:
    if found.end() - found.start() < PHONE_DIGITS:
        return False
    digits = re.sub(rb"[^0-9]", b"", found[0])
    if found["international"]:
        decimal = re.fullmatch(rb"\+[0-9]+\.[0-9]+", found[0]) is not None
        return not decimal and _has_calling_code(digits)
    if found["american"]:
        return _is_american(digits[-10:])
    if found["french"]:
        return True
    grouped = len(digits) < len(found[0].strip(b"()"))
    if not (PHONE_DIGITS if grouped else 9) <= len(digits) <= 15 or len(set(digits)) < 3:
        return False
    return _ANNOUNCED.search(text[max(0, found.start() - 24) : found.start()]) is not None


def _has_calling_code(digits: bytes) -> bool:
    if not 8 <= len(digits) <= 15 or len(set(digits)) < 3:
        return False
    if digits.startswith(b"1"):
        return len(digits) == 11 and _is_american(digits[1:])
    if digits.startswith(b"7"):
        return len(digits) == 11
    return digits[:2].decode() in _CODES or digits[:3].decode() in _CODES


def _is_american(digits: bytes) -> bool:
    """Area and exchange codes as the North American Numbering Plan has them, and not fictional."""
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    if area[0] in b"01" or exchange[0] in b"01" or area[1:] == b"11" or exchange[1:] == b"11":
        return False
    return not (exchange == b"555" and line[:2] == b"01")
