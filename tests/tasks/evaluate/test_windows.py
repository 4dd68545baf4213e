import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.evaluate.windows import rolling_rows, windows


@given(st.integers(0, 300), st.integers(1, 50), st.data())
def test_every_position_is_judged_once_with_enough_before_it(length, window, data):
    stride = data.draw(st.integers(1, window))
    made = list(windows(length, window, stride))
    assert [place for _, first, end in made for place in range(first, end)] == list(range(length))
    for start, first, end in made:
        assert end - start <= window
        assert first - start >= min(first, window - stride)


def test_a_document_starts_after_the_end_of_text_token():
    [first, second] = rolling_rows([11, 12, 13, 14, 15], end_of_text=0, window=4, stride=2)
    assert (list(first.tokens), list(first.positions), list(first.targets)) == (
        [0, 11, 12, 13],
        [0, 1, 2, 3],
        [11, 12, 13, 14],
    )
    assert (list(second.tokens), list(second.positions), list(second.targets)) == (
        [11, 12, 13, 14],
        [3],
        [15],
    )


def test_an_empty_document_has_no_rows():
    assert rolling_rows([], 0, 4, 2) == []


@pytest.mark.parametrize("stride", [0, 5])
def test_a_stride_outside_the_window_is_refused(stride):
    with pytest.raises(ValueError, match="not between 1 and the window of 4"):
        list(windows(3, 4, stride))
