"""The compiled prediction is fastText's, whatever the text and the kind of model."""

import fasttext
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import StageError
from tasks.filter.language import fasttext_words
from tasks.filter.language.fasttext_file import read_model
from tasks.filter.language.fasttext_kernel import predict_all
from tasks.filter.language.identification import default_model
from tasks.filter.text_signals.scoring import batches

FRAGMENTS = [
    *["the ", "harbour", "Schiff ", "été", "море ", "船は", "ภาษาไทย", "\u0301", "😀", "__label__en "],
    *[
        "__label__",
        " ",
        "  ",
        "\t",
        "\r\n",
        "\x0b",
        "\0",
        "\u3000",
        *"\u00a0\x85\u1680\u2000\u200a\u200b\u2028\u202f\u205f\u2060\x1c\x1f\x1b",
        "<",
        ">",
        "a",
        "x" * 1100,
        "1 2",
    ],
]
adversarial = st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join)
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def ours(model, texts, sample=1 << 30, windows=4):
    """The two best labels of each text, and their scores."""
    names = np.empty((len(texts), 2), dtype=np.int32)
    scores = np.empty((len(texts), 2))
    arrays = (
        model.vectors, model.words, model.word_offsets, model.index, model.buckets, model.min_n, model.max_n,
    )  # fmt: skip
    nothing = np.zeros(0, dtype=np.uint8)
    ((data, offsets),) = batches(texts)
    predict_all(
        data, offsets, arrays, fasttext_words.new_memory(model.vectors.shape[1]), model.output, model.loss, model.tree, model.word_ngrams, sample, windows,
        nothing, np.zeros(len(model.labels), dtype=np.uint64), 0.0, names, scores,
    )  # fmt: skip
    return [
        [(model.labels[label], score) for label, score in zip(*row, strict=True) if label >= 0]
        for row in zip(names.tolist(), scores.tolist(), strict=True)
    ]


def theirs(model, text):
    line = "".join(" " if character.isspace() else character for character in text) + "\n"
    return [
        (label.removeprefix("__label__"), score) for score, label in model.f.predict(line, 2, 0.0, "strict")
    ]


def assert_same(found, expected):
    """Scores are equal to float32's noise; labels are, unless their scores are that near to each other."""
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=2e-5)
    if len(expected) == 2 and abs(expected[0][1] - expected[1][1]) > 1e-4:
        assert found[0][0] == expected[0][0]


@pytest.fixture(scope="module")
def lid():
    return read_model(default_model()), fasttext.load_model(str(default_model()))


def test_words_end_at_every_kind_of_whitespace(lid):
    """pydoc's pages, and many others, have U+00A0 between words; fastText alone would see one long word."""
    model, _ = lid
    plain = "make an iterator that returns consecutive keys and groups from the iterable"
    kinds = [chr(code) for code in range(0x3001) if chr(code).isspace()]
    for found in ours(model, [plain.replace(" ", kind) for kind in kinds]):
        assert_same(found, ours(model, [plain])[0])


@settings(max_examples=200)
@given(text=st.one_of(adversarial, anything))
def test_lid_176_gives_what_fasttext_gives(lid, text):
    model, reference = lid
    assert_same(ours(model, [text])[0], theirs(reference, text) if text else [])


def test_a_text_is_predicted_the_same_alone_and_among_others(lid):
    texts = ["The ship came in.", "", "Le navire est entré.", "The ship came in.", "船は港に入ってきた。"]
    assert ours(lid[0], texts) == [ours(lid[0], [text])[0] for text in texts]


@pytest.mark.parametrize(
    "characters", ["ab", "é", "aé", "船", "漢字 か", "😀", "a船é😀", "\u0301", "\x01\x0e", "a\x1b"]
)
def test_words_of_every_length_are_hashed_as_fasttext_hashes_them(lid, characters):
    """Eight bytes, sixteen characters and 64 bytes are where the fast way turns a corner."""
    model, reference = lid
    texts = [(characters * length)[:length] for length in range(1, 90)]
    texts += [f"the {text}, {text}." for text in texts]
    for text, found in zip(texts, ours(model, texts), strict=True):
        assert_same(found, theirs(reference, text))


def test_what_is_remembered_of_other_texts_changes_nothing(lid, monkeypatch):
    texts = [f"The {n}th ship came into harbour {n % 7} with été {n * n} море." for n in range(300)]
    alone = ours(lid[0], texts)
    monkeypatch.setattr(fasttext_words, "MEMORY_BYTES", 64 * 16)  # sixteen words
    assert ours(lid[0], texts) == alone
    memory = fasttext_words.new_memory(16)
    monkeypatch.setattr(fasttext_words, "new_memory", lambda columns: memory)
    assert ours(lid[0], texts) == ours(lid[0], texts) == alone


LINES = """
__label__sea the ship came into the harbour with the tide
__label__land the road goes over the hills to the town
__label__sky the clouds are high and the wind is from the west
__label__sea sailors and fishing boats wait for the tide
__label__land carts and horses on the road to the market town
__label__sky birds fly under the clouds before the rain
"""


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "softmax"},
        {"loss": "softmax", "wordNgrams": 3, "bucket": 1000},
        {"loss": "hs", "minn": 1, "maxn": 3, "bucket": 1000},
        {"loss": "ova", "minn": 2, "maxn": 5, "wordNgrams": 2, "bucket": 777},
        {"loss": "ns", "minn": 3, "maxn": 3, "bucket": 64},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_models_of_every_loss_and_with_ngrams_give_what_fasttext_gives(tmp_path, options):
    (tmp_path / "lines.txt").write_text(LINES.strip())
    trained = fasttext.train_supervised(
        str(tmp_path / "lines.txt"), dim=9, epoch=40, lr=0.7, thread=1, verbose=0, **options
    )
    trained.save_model(str(tmp_path / "model.bin"))
    model = read_model(tmp_path / "model.bin")
    for text in ["the tide", "the road\nto the  sea", "high clouds", "zzz", "wind and rain on the hills"]:
        assert_same(ours(model, [text])[0], theirs(trained, text))


def test_long_texts_are_seen_through_windows_from_start_to_end(lid):
    english, french = "The ship came into the harbour. ", "Le navire est entré dans le port. "
    text = english * 40 + french * 80 + english * 40
    windows = [ours(lid[0], [text], sample=1000, windows=n)[0] for n in (1, 4)]
    assert windows[0][0][0] == "en"  # the head alone
    assert {name for name, _ in windows[1]} == {"en", "fr"}
    assert ours(lid[0], [text], sample=1 << 20) == ours(lid[0], [text], sample=len(text.encode()))


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "é" * 50_000, " " * 100_000, "\0" * 100_000, "ab " * 100_000]
)
def test_windows_of_any_text_hold_what_they_may(lid, text):
    assert len(ours(lid[0], [text], sample=256)[0]) in (0, 2)


def test_a_file_cut_short_and_word_vectors_are_no_classifier(tmp_path):
    whole = default_model().read_bytes()
    for size in (0, 7, 100, 5000, len(whole) - 1):
        (tmp_path / "cut.ftz").write_bytes(whole[:size])
        with pytest.raises(StageError, match=r"cut\.ftz is not a fastText model"):
            read_model(tmp_path / "cut.ftz")
    changed = bytearray(whole)
    changed[8 + 4 * 7] = 2  # the kind of model
    (tmp_path / "vectors.bin").write_bytes(changed)
    with pytest.raises(StageError, match="word vectors"):
        read_model(tmp_path / "vectors.bin")
