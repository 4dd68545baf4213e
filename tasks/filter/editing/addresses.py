"""E-mail and IP addresses of people and machines that exist.

Addresses that the standards reserve for documentation, private networks and tests identify nobody and stay.
The ranges are written down here: Python's `ipaddress` changes its mind about them between releases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tasks.filter.editing.candidates import Spans, matches_at, matches_in

# RFC 5321's lengths, ASCII only, no quoted local parts. Not followed by a call, a path of Python or a subscript:
# `q@k.transpose(` multiplies matrices.
EMAIL = re.compile(
    rb"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@"
    rb"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}([A-Za-z]{2,24}|[Xx][Nn]--[A-Za-z0-9-]{2,59})"
    rb"(?![A-Za-z0-9_(\[]|-[A-Za-z0-9]|\.[A-Za-z0-9])"
)
# RFC 2606, RFC 6761, RFC 6762.
_RESERVED_TOP = (b"example", b"test", b"invalid", b"localhost", b"local", b"localdomain", b"internal")
_RESERVED_DOMAIN = re.compile(rb"(?:^|\.)example\.(?:com|net|org|edu)$")
_NOBODY = (b"noreply", b"no-reply", b"donotreply", b"do-not-reply")
# `icon@2x.png`, `lodash@latest.js`: names of files and packages.
_FILES = frozenset(
    b"png jpg jpeg gif svg webp ico bmp avif js mjs cjs jsx tsx css scss less html htm xml json yaml yml toml txt "
    b"md rst csv pdf zip gz tgz tar whl jar exe dll".split()
)


def emails(text: bytes, places: Spans) -> Iterator[re.Match[bytes]]:
    """Addresses that begin where the places do."""
    return (
        found
        for found in matches_at(EMAIL, text, (start for start, _ in places))
        if _is_somebodys(text, found)
    )


def _is_somebodys(text: bytes, found: re.Match[bytes]) -> bool:
    local, domain = found[0].lower().split(b"@")
    top = found[1].lower()
    if top in _FILES or top in _RESERVED_TOP or _RESERVED_DOMAIN.search(domain):
        return False
    if local in _NOBODY or local.startswith(b".") or local.endswith(b".") or b".." in local:
        return False
    if not local.strip(b"._%+-"):
        return False
    # git@github.com:owner/name and ssh://git@host name a server, user@host/path in a URL an account of it.
    return local != b"git" and text[max(0, found.start() - 3) : found.start()] != b"://"


_OCTET = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = re.compile(
    rb"(?<![0-9A-Za-z_.\-+])" + rb"\.".join([_OCTET] * 4) + rb"(?![0-9A-Za-z_]|\.[0-9A-Za-z]|-[0-9A-Za-z])"
)
# Networks that no host of the public internet is in (IANA's special-purpose registry).
_RESERVED_V4_TEXT = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24
    203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
"""
_RESERVED_V4 = tuple(
    (int.from_bytes(bytes(map(int, base.split(".")))), int(length))
    for base, length in (item.split("/") for item in _RESERVED_V4_TEXT.split())
)
SMALL_OCTETS = 64
_VERSION = re.compile(
    rb"(?:\b(?:v|ver|vers|version|versions|versi\xc3\xb3n|versione|release|releases|rev|revision|build|firmware|"
    rb"update|upgrade|upgraded|section|chapter|clause|\xc2\xa7|rfc|oid|assembly|driver|drivers|software)"
    rb"[\s:=#.(\"']{0,4}|[A-Za-z]/)$",
    re.IGNORECASE,
)


def ipv4s(text: bytes, places: Spans) -> Iterator[re.Match[bytes]]:
    """Public IPv4 addresses of hosts within the places.

    Not one: the reserved ranges; a network (its last octet is 0); four octets that are all below SMALL_OCTETS,
    which is how versions and sections are numbered (1.2.3.4, and one public address in 250); four numbers
    right after a word like "version", or after a letter and a slash (Firefox/3.0.19.77).
    """
    return (found for found in matches_in(IPV4, text, places) if _is_host(text, found))


def _is_host(text: bytes, found: re.Match[bytes]) -> bool:
    octets = bytes(map(int, found[0].split(b".")))
    value = int.from_bytes(octets)
    if octets[3] == 0 or max(octets) < SMALL_OCTETS:
        return False
    if any((value ^ base) >> (32 - length) == 0 for base, length in _RESERVED_V4):
        return False
    return _VERSION.search(text[max(0, found.start() - 20) : found.start()]) is None


IPV6 = re.compile(rb"(?<![0-9A-Za-z:])[23][0-9A-Fa-f]{3}(?::[0-9A-Fa-f]{0,4}){2,7}(?![0-9A-Za-z:]|\.[0-9])")
_GROUP_LIMIT = 8


def ipv6s(text: bytes, places: Spans) -> Iterator[re.Match[bytes]]:
    """Global IPv6 addresses (2000::/3) that begin where the places do, without the documentation ranges."""
    return (found for found in matches_at(IPV6, text, (start for start, _ in places)) if _is_global(found[0]))


def _is_global(text: bytes) -> bool:
    head, compressed, tail = text.partition(b"::")
    groups = [group for part in (head, tail) for group in part.split(b":") if part]
    if b"" in groups or b"::" in tail or len(groups) > _GROUP_LIMIT - bool(compressed):
        return False
    if len(groups) != _GROUP_LIMIT and not (compressed and len(groups) >= 3):
        return False
    first, second = int(groups[0], 16), int(groups[1], 16) if head.count(b":") else 0
    return not ((first == 0x2001 and second in (0x0DB8, 0x0002)) or (first == 0x3FFF and second < 0x1000))
