from __future__ import annotations

import gzip
import io

import pytest
from fastwarc.stream_io import Lz4Writer, ZstdWriter, zstd_train_dictionary_from_samples
from growth import assert_linear

from tasks.io import container
from tasks.io.container import Damage, chunks, format_of

PARTS = [b"WARC/1.0 part %d " % number + bytes(range(256)) * 20 for number in range(4)]


def read(data: bytes, sync: bytes = b"") -> tuple[bytes, list[str]]:
    """All output, and the reasons of the damage met."""
    pieces = list(chunks(io.BytesIO(data), sync))
    output = b"".join(piece for piece in pieces if isinstance(piece, bytes))
    return output, [piece.reason for piece in pieces if isinstance(piece, Damage)]


def frames(writer: type, parts: list[bytes] = PARTS) -> list[bytes]:
    made = []
    for part in parts:
        out = io.BytesIO()
        stream = writer(out)
        stream.write(part)
        stream.close()
        made.append(out.getvalue())
    return made


def test_the_format_is_decided_by_the_first_bytes() -> None:
    assert format_of(gzip.compress(b"x")) == "gzip"
    assert format_of(frames(Lz4Writer)[0]) == "lz4"
    assert format_of(frames(ZstdWriter)[0]) == "zstd"
    assert format_of(b"") == "plain"


def test_every_format_gives_the_bytes_that_went_in() -> None:
    whole = b"".join(PARTS)
    for members in ([whole], [gzip.compress(part) for part in PARTS], frames(Lz4Writer), frames(ZstdWriter)):
        assert read(b"".join(members)) == (whole, [])


def test_zero_bytes_behind_the_last_gzip_member_are_padding() -> None:
    assert read(gzip.compress(PARTS[0]) + bytes(1000)) == (PARTS[0], [])


def test_a_damaged_gzip_member_costs_only_itself() -> None:
    members = [bytearray(gzip.compress(part)) for part in PARTS]
    members[1][len(members[1]) // 2] ^= 0xFF
    output, damage = read(b"".join(members), b"WARC/")
    assert damage == ["damaged-gzip"]
    assert output.startswith(PARTS[0])
    assert output.endswith(PARTS[2] + PARTS[3])


def test_a_wrong_checksum_is_damage_behind_the_data() -> None:
    member = bytearray(gzip.compress(PARTS[0]))
    member[-5] ^= 1
    pieces = [piece for piece in chunks(io.BytesIO(bytes(member) + gzip.compress(PARTS[1]))) if piece]
    assert pieces[0] == PARTS[0]
    assert isinstance(pieces[1], Damage)
    assert pieces[1].verified == 0
    assert pieces[2] == PARTS[1]


def test_a_truncated_gzip_gives_what_it_holds() -> None:
    data = gzip.compress(PARTS[0]) + gzip.compress(PARTS[1])
    output, damage = read(data[:-20])
    assert damage == ["truncated-gzip"]
    assert output.startswith(PARTS[0])


def test_junk_between_gzip_members_is_passed_over() -> None:
    data = gzip.compress(PARTS[0]) + b"junk \x1f\x8b\x08 junk" + gzip.compress(PARTS[1])
    assert read(data) == (PARTS[0] + PARTS[1], ["not-gzip"])


def test_damaged_lz4_and_zstd_frames_cost_only_themselves() -> None:
    for writer, name in ((Lz4Writer, "lz4"), (ZstdWriter, "zstd")):
        made = [bytearray(frame) for frame in frames(writer)]
        made[1][4:12] = b"\xff" * 8  # the frame's descriptor
        output, damage = read(b"".join(made), b"WARC/")
        assert damage == [f"damaged-{name}"]
        assert output == PARTS[0] + PARTS[2] + PARTS[3]


def with_dictionary(compressed: bool) -> tuple[bytes, list[bytes]]:
    """A zstd file's dictionary frame, and a frame for each part that can't be read without it."""
    samples = [b"WARC/1.0 part %d " % (number % 4) + bytes(range(256)) for number in range(400)]
    dictionary = zstd_train_dictionary_from_samples(samples, 4096)
    made = []
    for part in PARTS:
        out = io.BytesIO()
        stream = ZstdWriter(out, dictionary=dictionary, compress_dictionary_frame=compressed)
        stream.write(part)
        stream.close()
        made.append(out.getvalue())
    size = 8 + int.from_bytes(made[0][4:8], "little")
    return made[0][:size], [data[size:] for data in made]


@pytest.mark.parametrize("compressed", [False, True])
def test_a_zstd_file_with_a_dictionary_is_read_also_behind_damage(compressed: bool) -> None:
    first, made = with_dictionary(compressed)
    assert format_of(first) == "zstd"
    assert read(first + b"".join(made), b"WARC/") == (b"".join(PARTS), [])
    made[1] = made[1][:4] + b"\xff" * 8 + made[1][12:]
    output, damage = read(first + b"".join(made), b"WARC/")
    assert damage == ["damaged-zstd"]
    assert output == PARTS[0] + PARTS[2] + PARTS[3]


def test_frames_without_their_dictionary_say_so() -> None:
    _, made = with_dictionary(compressed=True)
    output, damage = read(b"".join(made), b"WARC/")
    assert (output, damage) == (b"", ["no-dictionary"])


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_a_member_that_grows_beyond_all_measure_is_a_bomb(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "BOMB_BYTES", 1 << 20)
    compress = gzip.compress if name == "gzip" else lambda data: frames(ZstdWriter, [data])[0]
    bomb, good = compress(bytes(16 << 20)), compress(PARTS[0])
    output, damage = read(good + bomb + good, b"WARC/")
    assert damage == ["bomb"]
    assert output.startswith(PARTS[0])
    assert output.endswith(PARTS[0])
    assert len(output) < 4 << 20


@pytest.mark.parametrize("start", [b"", gzip.compress(PARTS[0], mtime=0), b"junk"])
@pytest.mark.parametrize(
    "piece", [b"\x1f\x8b\x08", b"\x1f\x8b\x08\x08name", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18"]
)
def test_a_file_of_nothing_but_beginnings_takes_linear_time(start: bytes, piece: bytes) -> None:
    def read_beginnings(data: bytes) -> None:
        output, reasons = read(data, b"WARC/")
        assert reasons or output.startswith(start + piece)

    assert_linear(read_beginnings, lambda size: start + piece * (size // len(piece)), 3_000_000)
