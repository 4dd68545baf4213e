from __future__ import annotations

import pytest
from loopback import Time

from tasks.errors import TransientError
from tasks.io.retry import PROGRESS, Broken, Effort, retry_after


def test_the_wait_is_drawn_between_nothing_and_a_doubling_bound() -> None:
    time, draws = Time(), iter([0.5, 0.0, 1.0])
    effort = Effort(time.patience(draw=lambda: next(draws)), "x")
    for _ in range(3):
        effort.failed(Broken("no"))
    assert time.slept == [0.5, 0.0, 4.0]


def test_a_large_file_earns_time_with_its_bytes() -> None:
    time = Time()
    effort = Effort(time.patience(seconds=10, slowest=100), "x")
    for _ in range(50):
        with effort.waiting():
            time.now += 9
        effort.received(1000)
    with effort.waiting():
        time.now += 200
    with pytest.raises(TransientError, match="it brought 50,001 bytes in 650 seconds"):
        effort.received(1)


def test_a_link_that_breaks_often_but_moves_is_borne() -> None:
    time = Time()
    effort = Effort(time.patience(tries=10), "x")
    for _ in range(100):
        effort.received(PROGRESS // 2)
        effort.failed(Broken("cut"))
    assert max(time.slept) == 2


def test_a_long_wait_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    effort = Effort(Time().patience(), "https://example.com/a")
    effort.failed(Broken("the server says 503"))
    assert caplog.messages == []
    effort.failed(Broken("the server says 429", retry_after=40))
    assert caplog.messages == ["https://example.com/a: the server says 429; waits 42 s (try 2 of 10)"]


@pytest.mark.parametrize("value", [None, "", "soon", "-3", "1.5", "²", "Thu, 99 Foo 2020"])
def test_an_unreadable_retry_after_is_none(value: str | None) -> None:
    assert retry_after(value) is None
