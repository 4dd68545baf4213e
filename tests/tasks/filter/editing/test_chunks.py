"""Long texts in pieces."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.filter.editing.chunks import Piece, of_text

TEXTS = st.lists(
    st.sampled_from(["\n", "word ", "two words ", "W", "é", "漢", "[1] a b", " "]), max_size=60
).map("".join)


@given(TEXTS, st.integers(4, 60))
def test_pieces_are_the_text_in_order_and_small(text, size):
    data = text.encode()
    pieces = list(of_text(data, size))
    assert b"".join(data[piece.low : piece.high] for piece in pieces) == data
    assert all(0 < piece.high - piece.low <= size for piece in pieces)
    for piece in pieces:
        data[piece.low : piece.high].decode()
        assert piece.line is not None or piece.high == len(data) or data[piece.high - 1 : piece.high] == b"\n"
        assert piece.line is None or b"\n" not in data[slice(*piece.line)]


def test_a_long_line_is_cut_between_words_in_lower_case_away_from_brackets():
    assert list(of_text(b"short\nit is 1 2 A b [b c\nend", 16)) == [
        Piece(0, 6),
        Piece(6, 9, (6, 24)),
        Piece(9, 24, (6, 24)),
        Piece(24, 28),
    ]
