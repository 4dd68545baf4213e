"""fastText classifiers: what they are shown, what they say, and whether their training can be trusted."""

import numpy as np
import pytest

from tasks.errors import StageError
from tasks.filter.quality import model as wordbags
from tasks.filter.quality.model import Classifier, clears_memory, line_of, load, train

SETTINGS = {"seed": 1, "word_ngrams": 2, "dimension": 4, "buckets": 64, "epochs": 30, "learning_rate": 0.5,
            "min_count": 1}  # fmt: skip
EXAMPLES = (
    "__label__positive the harbour wall was built by monks\n__label__negative buy cheap shoes now now\n" * 20
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("examples") / "examples.txt"
    path.write_text(EXAMPLES)
    return train(path, **SETTINGS)


def test_a_text_is_one_line_in_which_nothing_is_a_label_or_an_end():
    assert line_of("  one\r\ntwo\u2028three\nfour  ", 100) == "one two three four"
    assert line_of("a\0b \ud800 c", 100) == "a b ? c"
    assert line_of("say __label__positive </s> more", 100) == "say label__positive < /s> more"
    assert line_of("abcdef", 3) == "abc"
    assert line_of(None, 3) == ""


def test_the_score_is_the_probability_of_the_positive_label(model):
    scores = Classifier(model, "positive").score(
        ["the wall of the harbour", "cheap shoes", None, " \n", ""], 1000
    )
    assert scores[0] > 0.9
    assert scores[1] < 0.1
    assert scores[2:].tolist() == [0.0, 0.0, 0.0]
    assert (scores * 1e4 == np.round(scores * 1e4)).all()
    other = Classifier(model, "__label__negative").score(["the wall of the harbour", "cheap shoes"], 1000)
    assert np.allclose(other + scores[:2], 1, atol=2e-4)


def test_a_label_or_an_end_written_in_a_text_changes_nothing_behind_it(model):
    classifier = Classifier(model, "positive")
    one, other = classifier.score(
        ["</s> the harbour wall was built by monks", "the harbour wall was built by monks"], 99
    )
    assert one > 0.9
    assert other > 0.9


def test_only_the_prefix_is_seen(model):
    text = "the harbour wall " + "buy cheap shoes now " * 50
    assert Classifier(model, "positive").score([text], 16)[0] > 0.9
    assert Classifier(model, "positive").score([text], 2000)[0] < 0.1


def test_training_gives_the_same_bytes_every_time(tmp_path):
    path = tmp_path / "examples.txt"
    path.write_text(EXAMPLES)
    saved = []
    for number in range(2):
        train(path, **SETTINGS).save_model(str(tmp_path / f"{number}.bin"))
        saved.append((tmp_path / f"{number}.bin").read_bytes())
    assert saved[0] == saved[1]


def test_a_saved_classifier_scores_as_the_trained_one(model, tmp_path):
    model.save_model(str(tmp_path / "c.bin"))
    texts = ["the harbour", "cheap shoes now", "neither of them"]
    again = load(str(tmp_path / "c.bin"), "positive").score(texts, 100)
    assert again.tolist() == Classifier(model, "positive").score(texts, 100).tolist()


def test_what_is_no_classifier_or_lacks_the_label_is_one_clear_message(model, tmp_path):
    (tmp_path / "no.bin").write_bytes(b"not a model at all")
    with pytest.raises(StageError, match=r"no\.bin is not a fastText model.*filter\.quality\.model"):
        load(str(tmp_path / "no.bin"), "positive")
    with pytest.raises(StageError, match=r"no label 'hq', it has (positive, negative|negative, positive)"):
        Classifier(model, "hq")


def test_a_build_that_does_not_clear_its_memory_trains_nothing(monkeypatch, tmp_path):
    assert clears_memory()
    monkeypatch.setattr(wordbags, "clears_memory", lambda: False)
    with pytest.raises(StageError, match=r"doesn't clear.*\.ci/install"):
        train(tmp_path / "examples.txt", **SETTINGS)
