"""Profiles as a user writes them: lists, mappings, and what is wrong in them."""

import json

import pyarrow as pa
import pytest

from flows.settings import load_settings
from tasks.errors import ConfigError
from tasks.filter import judge
from tasks.filter.config import Config
from tasks.filter.profiles import DEFAULTS, resolve

YAML = """
filter:
  profiles:
    fineweb: [language, c4]
    code: [code]
    books: [books]
    notes:
      gopher_quality: {min_words: 20, max_bullet_lines: null}
      c4:
  languages:
    de:
      gopher_quality: {max_mean_word_length: 14}
  gopher_quality:
    min_words: 60
    max_words: 1000
"""


def read(tmp_path, text):
    (tmp_path / "pipeline.yaml").write_text(text)
    return load_settings(tmp_path / "pipeline.yaml").configs["filter"]


def test_a_profile_overrides_what_it_names_and_takes_the_rest_from_the_sections(tmp_path):
    config = read(tmp_path, YAML)
    notes = resolve(config, "notes").gopher_quality
    assert (notes.min_words, notes.max_words, notes.max_bullet_lines) == (20, 1000, None)
    assert resolve(config, "fineweb").gopher_quality.min_words == 60
    german = resolve(config, "notes", "de").gopher_quality
    assert (german.min_words, german.max_mean_word_length) == (20, 14)
    assert list(config.profiles["notes"]) == ["gopher_quality", "c4"]


def test_the_order_of_families_is_that_of_the_file():
    config = Config.model_validate(
        {"profiles": {"fineweb": {"c4": {}, "language": {}}, "code": [], "books": []}}
    )
    assert list(config.profiles["fineweb"]) == ["c4", "language"]


def test_a_configuration_survives_its_identity():
    config = Config.model_validate(
        {"profiles": {"fineweb": {"c4": {"min_sentences": 3}}, "code": [], "books": []}}
    )
    again = Config.model_validate(json.loads(json.dumps(config.identity())))
    assert again == config
    assert again.profiles["fineweb"] == {"c4": {"min_sentences": 3}}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("notes:\n      gopher_quality", "notes:\n      gopher_qualty", r":8: unknown key 'filter\.profiles\.notes\.gopher_qualty'; did you mean 'gopher_quality'\?"),
        ("min_words: 20", "min_wrods: 20", r":8: unknown key 'filter\.profiles\.notes\.gopher_quality\.min_wrods'; did you mean 'min_words'\?"),
        ("min_words: 20", "min_words: many", r":8: filter\.profiles\.notes\.gopher_quality\.min_words: .*integer"),
        ("max_mean_word_length: 14", "max_word_length: 14", r":12: unknown key 'filter\.languages\.de\.gopher_quality\.max_word_length'; did you mean 'max_mean_word_length'\?"),
        ("[language, c4]", "[langage, c4]", r":4: unknown key 'filter\.profiles\.fineweb\.langage'; did you mean 'language'\?"),
    ],
)  # fmt: skip
def test_what_is_mistyped_is_named_with_its_line_and_the_nearest_key(tmp_path, old, new, message):
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, YAML.replace(old, new))


def test_the_default_profiles_are_the_published_ones():
    assert {name: tuple(families) for name, families in Config().profiles.items()} == DEFAULTS


QUALITY = """
filter:
  quality:
    model: hq.bin
    min_score: 0.5
  profiles:
    fineweb: [quality]
    strict:
      quality: {min_score: 0.9}
    code: [code]
    books: [books]
  languages:
    de:
      quality: {min_score: 0.2}
"""


def test_a_profile_and_a_language_may_have_their_own_threshold_of_the_one_classifier(tmp_path):
    config = read(tmp_path, QUALITY)
    scores = {(None, "fineweb"): 0.5, (None, "strict"): 0.9, ("de", "strict"): 0.2}
    for (language, profile), score in scores.items():
        assert resolve(config, profile, language).quality.min_score == score
    signals = pa.table({"quality_score": [0.4, 0.6, 0.95, 0.6], "language": ["en", "en", "en", "de"]})
    judged = {
        profile: judge(signals, profile, config)["verdict"].to_pylist() for profile in ("fineweb", "strict")
    }
    assert judged["fineweb"] == ["dropped", "kept", "kept", "kept"]
    assert judged["strict"] == ["dropped", "dropped", "kept", "kept"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{min_score: 0.9}", "{epochs: 9}", r":9: unknown key 'filter\.profiles\.strict\.quality\.epochs'; valid keys: min_score"),
        ("  quality:\n    model: hq.bin\n    min_score: 0.5\n", "", r"profile 'fineweb' names 'quality', but .*null: say there"),
        ("    model: hq.bin\n", "", r"give positives and negatives to learn from, or a `model`"),
    ],
)  # fmt: skip
def test_what_a_threshold_of_the_classifier_lacks_is_said(tmp_path, old, new, message):
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, QUALITY.replace(old, new))
