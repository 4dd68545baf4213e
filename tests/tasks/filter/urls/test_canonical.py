"""The many spellings of a URL become one; different pages stay different."""

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from tasks.filter.urls.canonical import canonical_url, host_of


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("http://example.com", "http://example.com/"),
        ("HTTPS://WWW.Example.COM:443/A/b", "https://www.example.com/A/b"),
        ("http://example.com.:80/", "http://example.com/"),
        ("http://example.com:8080/a", "http://example.com:8080/a"),
        ("http://user:word@example.com/a", "http://example.com/a"),
        ("http://example.com/a/./b/../c//d/..", "http://example.com/a/c//"),
        ("http://example.com/../a", "http://example.com/a"),
        ("http://example.com/%7ejoe/%c3%a4/%2f", "http://example.com/~joe/%C3%A4/%2F"),
        ("http://example.com/ä b", "http://example.com/%C3%A4b"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://example.com/a#top", "http://example.com/a"),
        ("http://example.com/a?", "http://example.com/a"),
        ("http://example.com/a?b=2&utm_source=x&a=1&fbclid=y", "http://example.com/a?b=2&a=1"),
        ("http://example.com/a?b=2&%75tm_source=x", "http://example.com/a?b=2"),
        ("http://bücher.example。/", "http://xn--bcher-kva.example/"),
        ("http://example.com/a;jsessionid=77?q=1", "http://example.com/a?q=1"),
        ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]/"),
        ("example.com/a", None),
        ("mailto:a@b.org", None),
        ("http://[broken/", None),
        ("http://example.com:port/", None),
        ("", None),
    ],
)
def test_spellings(url, canonical):
    assert canonical_url(url) == canonical


def test_the_order_of_parameters_and_the_path_s_case_are_kept():
    assert canonical_url("http://a.org/x?b=1&a=2") != canonical_url("http://a.org/x?a=2&b=1")
    assert canonical_url("http://a.org/X") != canonical_url("http://a.org/x")


@given(
    st.text("aA/.%7eE2fäß ?&=#;:@[]", max_size=30),
    st.sampled_from(["http://a.org", "https://B.org:443", "http://ä.org."]),
)
def test_what_is_canonical_stays_as_it_is(rest, start):
    once = canonical_url(f"{start}/{rest}")
    assert once is None or canonical_url(once) == once


def test_the_host_has_neither_port_nor_brackets():
    assert [host_of(url) for url in ("http://a.org:81/x", "http://[::1]:80/", "http://b.org/")] == [
        "a.org",
        "::1",
        "b.org",
    ]


@pytest.mark.parametrize(
    "piece", ["a", "a/", "a.", "/.", "%41", "-", "?a", "&utm_a=1", ";jsessionid=", "../", "ä"]
)
def test_a_url_of_any_length_takes_linear_time(piece):
    assert_linear(canonical_url, lambda count: "http://a.org/" + piece * count + "!", 200_000)


@pytest.mark.parametrize("piece", ["a", "a.", "-", "ä"])
def test_a_host_of_any_length_takes_linear_time(piece):
    assert_linear(canonical_url, lambda count: "http://" + piece * count + "/!", 200_000)
