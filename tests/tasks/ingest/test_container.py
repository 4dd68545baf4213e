from __future__ import annotations

import gzip
import io

from fastwarc.stream_io import Lz4Writer, ZstdWriter

from tasks.ingest.container import Damage, chunks, format_of

PARTS = [b"WARC/1.0 part %d " % number + bytes(range(256)) * 20 for number in range(4)]


def read(data: bytes, sync: bytes = b"") -> tuple[bytes, list[str]]:
    """All output, and the reasons of the damage met."""
    pieces = list(chunks(io.BytesIO(data), sync))
    output = b"".join(piece for piece in pieces if isinstance(piece, bytes))
    return output, [piece.reason for piece in pieces if isinstance(piece, Damage)]


def frames(writer: type) -> list[bytes]:
    made = []
    for part in PARTS:
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
