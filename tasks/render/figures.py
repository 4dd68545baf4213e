"""Numbers as people read them."""

from __future__ import annotations

import math
from datetime import datetime

ABSENT = "–"


def count(value: float | None) -> str:
    """
    >>> count(1234567), count(None)
    ('1,234,567', '–')
    """
    return ABSENT if value is None else f"{value:,.0f}"


def short_count(value: float | None) -> str:
    """Three significant digits with a unit.

    >>> short_count(950), short_count(12345), short_count(5_100_000)
    ('950', '12.3 k', '5.1 M')
    """
    return ABSENT if value is None else _scaled(value, 1000, ("", "k", "M", "G", "T"))


def size(value: float | None) -> str:
    """Bytes, in decimal units.

    >>> size(950), size(20_400_000)
    ('950 B', '20.4 MB')
    """
    return ABSENT if value is None else _scaled(value, 1000, ("B", "kB", "MB", "GB", "TB", "PB"))


def _scaled(value: float, base: int, units: tuple[str, ...]) -> str:
    if not math.isfinite(value):
        return str(value)
    power = 0
    while abs(value) >= base * 0.9995 and power + 1 < len(units):
        value, power = value / base, power + 1
    digits = 0 if power == 0 or abs(value) >= 99.95 else 1
    return f"{value:.{digits}f} {units[power]}".rstrip()


def round_count(value: float) -> str:
    """A count for an axis: `short_count` without a zero behind the point.

    >>> round_count(5000), round_count(1500)
    ('5 k', '1.5 k')
    """
    return short_count(value).replace(".0 ", " ")


def round_size(value: float) -> str:
    """Bytes for an axis.

    >>> round_size(10_000)
    '10 kB'
    """
    return size(value).replace(".0 ", " ")


def duration(seconds: float | None) -> str:
    """
    >>> duration(0.042), duration(3.21), duration(431), duration(4000)
    ('42 ms', '3.2 s', '7 min 11 s', '1 h 6 min')
    """
    if seconds is None:
        return ABSENT
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def share(part: float | None, whole: float | None) -> str:
    """
    >>> share(1, 8), share(1, 100000), share(0, 5), share(1, 0)
    ('12.5 %', '< 0.1 %', '0 %', '–')
    """
    if part is None or not whole:
        return ABSENT
    percent = 100 * part / whole
    if percent == 0 or percent == 100:
        return f"{percent:.0f} %"
    if abs(percent) < 0.1:
        return "< 0.1 %"
    return "> 99.9 %" if 99.9 < percent < 100 else f"{percent:.1f} %"


def number(value: object, digits: int = 4) -> str:
    """Any number with at most `digits` significant digits; anything else as it is.

    >>> number(0.123456), number(12345), number(True), number(None), number(1e-7)
    ('0.1235', '12,345', 'true', '–', '1e-07')
    """
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        return f"{value:,.{digits}g}" if abs(value) < 10**digits else f"{value:,.0f}"
    return str(value)


def when(moment: str | None) -> str:
    """An ISO time to the second, without its `T`; whatever isn't one, unchanged.

    >>> when("2026-11-22T06:30:00.123+00:00"), when(None)
    ('2026-11-22 06:30:00 UTC', '–')
    """
    if not moment:
        return ABSENT
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    zone = found.tzname() or ""
    return f"{found:%Y-%m-%d %H:%M:%S} {zone}".strip()
