import pytest

from flows.settings import load_settings
from tasks.errors import ConfigError


def test_sections_become_configs_and_the_seed_reaches_them(toy):
    settings = load_settings(toy.pipeline("store: s\nseed: 7\nfilter:\n  quality: {min_length: 4}\n"))
    assert settings.configs["filter"].quality.min_length == 4
    assert settings.configs["filter"].seed == 7
    assert settings.store == toy.root / "s"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            "store: s\nfilter:\n  quality:\n    min_lenght: 4\n",
            4,
            ["filter.quality.min_lenght", "did you mean 'min_length'"],
        ),
        ("store: s\n\nfiter:\n  quality: {}\n", 3, ["fiter", "did you mean 'filter'"]),
        ("filter:\n  qualty: {}\n", 2, ["filter.qualty", "did you mean 'quality'"]),
        ("filter:\n  quality:\n    min_length: many\n", 3, ["filter.quality.min_length", "integer", "many"]),
        ("execution:\n  worker: 3\n", 2, ["execution.worker", "did you mean 'workers'"]),
        ("seed: 1\nseed: 2\n", 2, ["seed stands twice"]),
        ("filter: [1, 2\n", 2, ["not YAML"]),
        ("filter: 5\n", 1, ["filter is a mapping"]),
        ("- a\n", 1, ["a pipeline is a mapping"]),
    ],
)
def test_a_mistake_is_one_message_with_file_line_and_a_hint(toy, text, line, words):
    with pytest.raises(ConfigError) as caught:
        load_settings(toy.pipeline(text))
    message = str(caught.value)
    assert f"pipeline.yaml:{line}:" in message
    assert all(word in message for word in words)
    assert "\n" not in message


def test_every_mistake_of_a_file_is_told_at_once(toy):
    with pytest.raises(ConfigError) as caught:
        load_settings(toy.pipeline("store: 5\nfilter:\n  quality: {min_length: x}\n  seeed: 1\n"))
    assert len(str(caught.value).splitlines()) == 3


def test_set_overrides_a_key_and_is_named_in_errors(toy):
    assert load_settings(toy.file, ["filter.quality.min_length=9"]).configs["filter"].quality.min_length == 9
    with pytest.raises(ConfigError, match=r"--set filter\.quality\.min_len=9.*did you mean 'min_length'"):
        load_settings(toy.file, ["filter.quality.min_len=9"])
    with pytest.raises(ConfigError, match="write it as"):
        load_settings(toy.file, ["filter"])


def test_a_missing_file_is_one_message(tmp_path):
    with pytest.raises(ConfigError, match="no such pipeline file"):
        load_settings(tmp_path / "nothing.yaml")


def test_a_node_that_is_not_wanted_is_no_part_of_the_dag(tmp_path):
    file = tmp_path / "pipeline.yaml"
    text = "ingest: {sources: [{kind: jsonl, name: web, paths: [web.jsonl]}]}\n"
    file.write_text(text)
    off = load_settings(file)
    assert not off.wants("filter-classifier")
    assert off.upstream("filter-signals") == ["filter-edits"]
    file.write_text(text + "filter: {quality: {positives: [good.txt], negatives: [{source: web}]}}\n")
    on = load_settings(file)
    assert on.upstream("filter-signals") == ["filter-edits", "filter-classifier"]
    assert on.configs["filter-classifier"].quality.positives[0].path == "good.txt"
