from __future__ import annotations

import io
import random
import socket
from collections.abc import Iterator

import pytest
from fuzzing.transport import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loopback import Fault, Loopback, Time

from tasks.errors import ConfigError, SmeltError, StageError, TransientError
from tasks.io import remote_file
from tasks.io.object_version import Version
from tasks.io.remote_file import RemoteFile, RemotePath, ask, digest_of, fetch

DATA = random.Random(1).randbytes(3_000_000)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback({"a.bin": DATA}) as running:
        yield running


@pytest.fixture
def time() -> Time:
    return Time()


def opened(server: Loopback, time: Time, **patience: object) -> RemoteFile:
    url = server.url("a.bin")
    return RemoteFile(url, ask(url, time.patience()), time.patience(**patience))


def test_one_request_brings_the_whole_file_and_insists_on_the_version(server: Loopback, time: Time) -> None:
    with opened(server, time) as file:
        assert file.read(10) == DATA[:10]
        file.seek(0)
        assert file.read() == DATA
    assert server.ranges == ["bytes=0-"]
    fields = server.requests[-1][1]
    assert fields["if-match"] == server.etag("a.bin")
    assert fields["user-agent"].startswith("smelt/")
    assert fields["accept-encoding"] == "identity"


def test_a_transfer_that_is_cut_goes_on_at_the_byte_where_it_was(server: Loopback, time: Time) -> None:
    file = opened(server, time)
    server.faults = [Fault(cut=1_000_000), Fault(cut=500_000)]
    assert file.read() == DATA
    assert server.ranges == ["bytes=0-", "bytes=1000000-", "bytes=1500000-"]
    assert time.slept == [1.0, 1.0]


def test_a_stall_ends_the_try_and_the_next_goes_on(server: Loopback, time: Time) -> None:
    file = opened(server, time, stall=0.3)
    server.faults = [Fault(stall=70_000)]
    assert file.read() == DATA
    assert server.ranges == ["bytes=0-", "bytes=70000-"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_refusal_is_waited_for(server: Loopback, time: Time, status: int) -> None:
    file = opened(server, time)
    server.faults = [Fault(status)] * 3
    assert file.read(5) == DATA[:5]
    assert time.slept == [1.0, 2.0, 4.0]


def test_retry_after_is_the_least_wait(server: Loopback, time: Time) -> None:
    file = opened(server, time)
    server.faults = [Fault(429, {"Retry-After": "17"})]
    assert file.read(5) == DATA[:5]
    assert time.slept == [18.0]


def test_a_wait_beyond_all_patience_is_not_begun(server: Loopback, time: Time) -> None:
    file = opened(server, time)
    server.faults = [Fault(503, {"Retry-After": "86400"})]
    with pytest.raises(TransientError, match=r"503.*asks to wait 86400 seconds"):
        file.read(5)
    assert time.slept == []


def test_tries_are_bounded_and_the_message_names_the_file_and_no_secret(server: Loopback, time: Time) -> None:
    url = server.url("a.bin", user="me:secret@") + "?token=hidden"
    file = RemoteFile(url, ask(url), time.patience())
    server.faults = [Fault(503)] * 50
    with pytest.raises(TransientError) as raised:
        file.read(5)
    assert server.url("a.bin") in str(raised.value)
    assert "try 10 of 10" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "hidden" not in str(raised.value)
    assert time.slept == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert server.requests[0][1]["authorization"] == "Basic bWU6c2VjcmV0"


def test_progress_forgets_earlier_failures(server: Loopback, time: Time) -> None:
    file = opened(server, time, tries=3)
    server.faults = [Fault(503), Fault(503), Fault(cut=1_200_000), Fault(503)]
    assert file.read() == DATA


def test_a_server_that_drips_is_given_up(server: Loopback) -> None:
    time = Time()

    def clock() -> float:  # each exchange seems to take 100 seconds
        time.now += 100
        return time.now

    file = opened(server, time, clock=clock)
    with pytest.raises(TransientError, match=r"it brought [\d,]+ bytes in \d+ seconds"):
        file.read()


def test_an_answer_whose_head_drips_is_given_up(server: Loopback, time: Time) -> None:
    server.faults = [Fault(drip=True)]
    assert ask(server.url("a.bin"), time.patience(stall=0.1)).size == len(DATA)
    assert time.slept == [1.0]


def test_passing_over_is_no_progress(server: Loopback, time: Time) -> None:
    server.honours = set()
    file = opened(server, time, tries=4)
    server.faults = [Fault(cut=2_000_000)] * 9
    with pytest.raises(TransientError, match="try 4 of 4"):
        file.read()


@pytest.mark.parametrize("honours", [{"range", "if-match"}, {"range"}, set()])
def test_an_object_that_changes_in_between_never_mixes(
    server: Loopback, time: Time, honours: set[str]
) -> None:
    file = opened(server, time)
    server.honours = honours
    change = Fault(before=lambda: server.files.update({"a.bin": DATA[::-1]}))
    server.faults = [Fault(cut=1000), change]
    with pytest.raises(StageError, match=r"a\.bin has changed since this run asked for it") as raised:
        file.read()
    assert not isinstance(raised.value, TransientError)


def test_a_server_without_ranges_is_read_from_the_beginning_and_passed_over(
    server: Loopback, time: Time
) -> None:
    server.honours = set()
    file = opened(server, time)
    server.faults = [Fault(cut=1_000_000)]
    assert file.read() == DATA
    assert len(server.requests) == 3


def test_what_vanishes_after_it_was_asked_for_stops_the_shard(server: Loopback, time: Time) -> None:
    file = opened(server, time)
    del server.files["a.bin"]
    with pytest.raises(StageError, match=r"can't be had any more .http-404.*Run again"):
        file.read(1)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451])
def test_a_lasting_refusal_is_the_digest(server: Loopback, time: Time, status: int) -> None:
    server.faults = [Fault(503), Fault(status)]
    assert digest_of(server.url("a.bin"), time.patience()) == f"http-{status}"
    with pytest.raises(StageError, match=f"can't be had .http-{status}"):
        RemotePath(server.url("a.bin"), f"http-{status}")


def test_a_host_that_is_not_there_is_given_up_in_the_end(server: Loopback, time: Time) -> None:
    url = server.url("a.bin")
    server.stop()
    with pytest.raises(TransientError, match="Connection refused"):
        ask(url, time.patience(tries=3))
    assert len(time.slept) == 2


def test_a_server_that_says_nothing_costs_its_file_and_one_that_asks_for_patience_the_run(
    server: Loopback, time: Time
) -> None:
    server.faults = [Fault(drip=True)] * 3
    assert digest_of(server.url("a.bin"), time.patience(tries=3, stall=0.02)) == "no-answer"
    assert time.slept == [1.0, 2.0]
    server.faults = [Fault(503)] * 3
    with pytest.raises(TransientError, match="the server says 503"):
        digest_of(server.url("a.bin"), time.patience(tries=3))


def test_a_mistyped_host_is_said_at_once(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(
        TransientError, match=r"http://dta\.example/a can't be had: the name of its host isn't known"
    ):
        ask("http://dta.example/a?token=1", time.patience())
    assert time.slept == []


def test_the_time_of_the_last_change_stands_in_for_an_etag(server: Loopback, time: Time) -> None:
    server.etags["a.bin"], server.modified = "", "Mon, 02 Jan 2023 00:00:00 GMT"
    version = ask(server.url("a.bin"))
    assert version.digest == "modified:3000000:Mon, 02 Jan 2023 00:00:00 GMT"
    assert Version.parse(version.digest) == version
    file = opened(server, time)
    server.faults = [
        Fault(cut=10),
        Fault(before=lambda: setattr(server, "modified", "Tue, 03 Jan 2023 00:00:00 GMT")),
    ]
    with pytest.raises(StageError, match="has changed"):
        file.read()


def test_a_weak_etag_is_compared_and_not_sent(server: Loopback, time: Time) -> None:
    server.etags["a.bin"] = 'W/"1"'
    file = opened(server, time)
    assert file.read() == DATA
    assert "if-match" not in server.requests[-1][1]


def test_without_etag_and_time_nothing_would_tell_of_a_change(server: Loopback) -> None:
    server.etags["a.bin"] = ""
    with pytest.raises(ConfigError, match="neither ETag nor Last-Modified"):
        ask(server.url("a.bin"))


@pytest.mark.parametrize("honours", [{"range"}, set()])
def test_an_empty_object_is_an_empty_file(server: Loopback, honours: set[str]) -> None:
    server.files["a.bin"], server.honours = b"", honours
    path = RemotePath(server.url("a.bin"))
    assert path.stat().st_size == 0
    assert path.open("rb").read() == b""


def test_a_redirect_is_followed_and_takes_no_credentials_along(server: Loopback, time: Time) -> None:
    url = server.url("old.bin", user="me:secret@")
    server.faults = [Fault(302, {"Location": server.url("a.bin")})]
    assert ask(url, time.patience()).size == len(DATA)
    assert ["authorization" in fields for _, fields in server.requests] == [True, False]


def test_a_redirect_to_another_scheme_is_refused(server: Loopback, time: Time) -> None:
    server.faults = [Fault(302, {"Location": "file:///etc/passwd"})]
    assert digest_of(server.url("a.bin"), time.patience()) == "http-302"
    for location in ("ftp://127.0.0.1/x", "//["):
        server.faults = [Fault(302, {"Location": location})]
        assert digest_of(server.url("a.bin"), time.patience()) == "bad-redirect"


@pytest.mark.parametrize(
    "length", ["\xb2", "9" * 5000, "-5", "+5", "5 5", "\u0665".encode().decode("latin-1")]
)
@pytest.mark.parametrize("field", ["Content-Length: {}", "Content-Range: bytes 0-0/{}"])
def test_a_length_that_is_no_number_is_no_length(time: Time, field: str, length: str) -> None:
    status = "200 OK" if "Length" in field else "206 Partial Content"
    answer = f'HTTP/1.1 {status}\r\nETag: "x"\r\n{field.format(length)}\r\n\r\n'.encode("latin-1")
    with connections([answer] * 3), pytest.raises(SmeltError):
        ask("http://a.example/x", time.patience(tries=3))


def test_a_jump_asks_for_a_stretch_and_reading_on_for_longer_ones(server: Loopback, time: Time) -> None:
    file = opened(server, time)
    file.seek(1_100_000)
    assert file.read(100) == DATA[1_100_000:1_100_100]
    assert file.read() == DATA[1_100_100:]
    assert server.ranges == ["bytes=1100000-2148575", "bytes=2148576-"]


def test_a_step_back_is_served_from_memory(server: Loopback, time: Time) -> None:
    file = opened(server, time)
    file.read(2_500_000)
    file.seek(2_400_000)
    assert file.read(10) == DATA[2_400_000:2_400_010]
    assert server.ranges == ["bytes=0-"]


def test_memory_is_bounded(server: Loopback, time: Time) -> None:
    server.files["a.bin"] = bytes(40 << 20)
    file = opened(server, time)
    while file.read(64 << 10):
        assert len(file._held) <= 2 * remote_file.HISTORY + remote_file.READ_BYTES


@given(
    steps=st.lists(st.tuples(st.integers(0, 20_001), st.integers(-1, 9_000)), max_size=12),
    cut=st.integers(1, 9_000),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_seeks_and_reads_agree_with_a_local_file(
    server: Loopback, steps: list[tuple[int, int]], cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"HISTORY": 1500, "SKIP": 900, "WINDOW": 700, "READ_BYTES": 600}.items():
        monkeypatch.setattr(remote_file, name, value)
    server.files["a.bin"] = DATA[:20_000]
    time, local = Time(), io.BytesIO(DATA[:20_000])
    file = opened(server, time, tries=99)
    server.faults = [Fault(cut=cut), None, Fault(cut=cut)]
    for position, size in steps:
        assert file.seek(position) == local.seek(position)
        assert file.read(size) == local.read(size)
        assert file.tell() == local.tell()


def test_a_small_file_is_fetched_whole_within_its_limit(server: Loopback) -> None:
    url = server.url("a.bin")
    assert fetch(url, digest_of(url), 3_000_000) == DATA
    with pytest.raises(StageError, match=r"has 3,000,000 bytes; at most 2,999,999"):
        fetch(url, digest_of(url), 2_999_999)
    with pytest.raises(StageError, match="http-404"):
        fetch(server.url("b.bin"), "http-404", 10)
