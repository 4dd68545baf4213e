from __future__ import annotations

import doctest
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.io import location, object_version, retry
from tasks.io.location import is_remote, shown
from tasks.io.object_version import Version
from tasks.io.remote_file import located

WORD = st.text(
    st.characters(codec="ascii", exclude_characters="/?#\\\"' ", categories=["L", "N", "P", "S"]), min_size=6
)


@pytest.mark.parametrize("module", [location, retry, object_version])
def test_the_examples_hold(module) -> None:
    assert doctest.testmod(module).attempted > 0
    assert doctest.testmod(module).failed == 0


@given(user=WORD, password=WORD, token=WORD)
def test_no_secret_is_shown(user: str, password: str, token: str) -> None:
    address = f"https://{user}:{password}@example.com:8080/data/file.gz?key={token}#{token}"
    assert shown(address) == "https://example.com:8080/data/file.gz"
    assert shown(f"{address} and {address}") == " and ".join(["https://example.com:8080/data/file.gz"] * 2)
    assert json.loads(shown(json.dumps({"a": address}))) == {"a": "https://example.com:8080/data/file.gz"}


@pytest.mark.parametrize(
    "text",
    ["data/a.gz", "me@example.com", "s3://bucket/a@b.gz", "C:\\data", "a://", "https://example.com/a@b/c"],
)
def test_what_holds_no_secret_stays_as_it_is(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize("path", ["data/a.gz", "/data/a.gz", "C:/data", "a:b", "~/a", "//host/a"])
def test_a_path_is_no_address(path: str) -> None:
    assert not is_remote(path)
    assert located(path) == Path(path)


@given(st.integers(0, 10**15), st.text(min_size=1), st.booleans())
def test_a_version_is_in_its_digest(size: int, mark: str, is_etag: bool) -> None:
    found = Version(size, mark, is_etag)
    parsed = Version.parse(found.digest)
    assert parsed is not None
    assert (parsed.size, parsed.digest) == (size, found.digest)


@pytest.mark.parametrize(
    "digest", ["http-404", "unreadable", "unknown until the run", "0" * 64, "etag:x:y", "etag"]
)
def test_other_digests_are_no_versions(digest: str) -> None:
    assert Version.parse(digest) is None
