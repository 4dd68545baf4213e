"""One spelling for the many that a URL has: what blocklists and hosts are looked up by.

Documents keep their URLs as they came; a canonical one is only compared, never written back.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21}
LONGEST_HOST = 253  # characters (RFC 1035)
# Parameters that say where a visitor came from, not what is shown: advertising and mailing systems' documented names.
TRACKING = re.compile(
    r"(?:utm_\w+|gclid|gclsrc|gbraid|wbraid|dclid|fbclid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|igsh|mc_cid|"
    r"mc_eid|mkt_tok|_hsenc|_hsmi|__hstc|__hssc|hsctatracking|oly_anon_id|oly_enc_id|vero_id|vero_conv|wickedid|"
    r"_openstat|rb_clickid|s_cid|_ga|_gl|phpsessid|jsessionid|aspsessionid\w*)",
    re.IGNORECASE,
)
# Most URLs are canonical as they come. Segments neither begin nor end with a full stop; quantifiers are possessive,
# so that no URL takes more than linear time.
_SEGMENT = r"[A-Za-z0-9_~-]++(?:\.[A-Za-z0-9_~-]++)*+"
_PLAIN = re.compile(rf"https?://(?:[a-z0-9-]++\.)*+[a-z0-9-]++/(?:{_SEGMENT}/)*(?:{_SEGMENT})?")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_SESSION_PATH = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)


def canonical_url(url: str) -> str | None:
    """The canonical spelling (RFC 3986, section 6.2, and what crawlers add); None if it is no URL with a host.

    Scheme and host in small letters, an international host in its ASCII form (IDNA), no final dot, user, default
    port, fragment, `.` and `..`, session or tracking parameter; percent-escapes only where they are needed, in
    capitals. The order of parameters stays: servers may tell them apart.

    >>> canonical_url("HTTP://Example.COM:80/a/./b/../%7Ec?utm_source=x&q=1#top")
    'http://example.com/a/~c?q=1'
    """
    if _PLAIN.fullmatch(url):
        return url
    try:
        parts = urlsplit("".join(url.split()))
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    name = _canonical_host(host or "")
    if not scheme or not name:
        return None
    where = f"[{name}]" if ":" in name else name
    if port is not None and port != DEFAULT_PORTS.get(scheme):
        where += f":{port}"
    path = _without_dots(_escaped(_SESSION_PATH.sub("", parts.path)))
    query = "&".join(
        item
        for item in map(_escaped, parts.query.split("&"))
        if item and not TRACKING.fullmatch(item.partition("=")[0])
    )
    return f"{scheme}://{where}{path}" + (f"?{query}" if query else "")


def host_of(canonical: str) -> str:
    """The host of a canonical URL, without the port.

    >>> host_of("https://a.example:8080/x")
    'a.example'
    """
    authority = canonical.split("://", 1)[1].split("/", 1)[0].split("?", 1)[0]
    return authority.split("]")[0][1:] if authority.startswith("[") else authority.partition(":")[0]


def _canonical_host(host: str) -> str:
    name = host.rstrip(".").lower()
    if name.isascii() or len(name) > LONGEST_HOST:  # the codec's time is quadratic in some Pythons
        return name
    try:
        return name.encode("idna").decode("ascii").rstrip(".")  # IDNA knows other full stops too
    except UnicodeError:  # no host that DNS could hold; still a key to compare
        return name


def _escaped(text: str) -> str:
    """Unreserved characters as themselves, everything else that must be escaped in capitals."""
    if "%" in text:
        text = _ESCAPED.sub(_unescaped, text)
    return (
        quote(text, safe="%/:@!$&'()*+,;=?-._~[]|", errors="surrogatepass")
        if not text.isascii() or " " in text
        else text
    )


def _unescaped(found: re.Match[str]) -> str:
    byte = unquote_to_bytes(found[0])[0]
    return chr(byte) if byte in _UNRESERVED else found[0].upper()


def _without_dots(path: str) -> str:
    """A path without `.` and `..` segments (RFC 3986, section 5.2.4); an empty one is `/`."""
    if "/." not in path:
        return path or "/"
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
