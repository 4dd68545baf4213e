import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.document import DOCUMENTS, Document, DocumentWriter, TableWriter
from tasks.errors import StageError
from tasks.node import Input, merge_metrics
from tasks.tokenize import Encoder, encode
from tasks.tokenize.bpe import save_tokenizer, train_bpe
from tasks.tokenize.shards import open_shards

LESSON = "the quick brown fox jumps over the lazy dog while seven wizards quietly mix a potion in the barn"
OTHER = "completely different words stand in this line so that nothing of it was seen on another side at all"

FILES = {
    "00000-web": [
        Document("a", OTHER, "http://a/", "web", "web", metadata={"group": "json"}),
        Document("b", LESSON, "http://b/", "web", "web", metadata={"group": "email"}),
        Document("c", "", None, "web", "web", metadata={"group": "json"}),
        Document("d", f"As they say: {LESSON}!", None, "web", "web", metadata={"group": "json"}),
    ],
    "00001-code": [
        Document("e", "naïve 漢 <|endoftext|>\n", None, "code", "code", metadata={"group": "json"}),
    ],
}


class Upstream(dict):
    pass


@pytest.fixture
def upstream(tmp_path):
    """What the stages before leave: documents, a tokenizer, and the group `email` held out."""
    for name, documents in FILES.items():
        with DocumentWriter(tmp_path / f"{name}.parquet") as writer:
            for document in documents:
                writer.add(document)
    save_tokenizer(train_bpe([LESSON, OTHER] * 3, 280), tmp_path / "tokenizer")
    with TableWriter(tmp_path / "split.parquet", pa.schema([("group", pa.string())])) as table:
        table.write({"group": "email"})
    schema = pa.schema([("id", pa.string()), ("text", pa.large_string())])
    with TableWriter(tmp_path / "validation_texts.parquet", schema) as table:
        table.write({"id": "b", "text": LESSON})

    def files(*names):
        return [Input(name, str(tmp_path / name), "") for name in names]

    return Upstream(
        {
            "decontaminate/documents": files("00000-web.parquet", "00001-code.parquet"),
            "tokenize-train/tokenizer": files("tokenizer/tokenizer.json", "tokenizer/tokenizer_config.json"),
            "tokenize-train/split": files("split.parquet"),
            "tokenize-train/validation_texts": files("validation_texts.parquet"),
        }
    )


def run(folder, upstream, **changes):
    """The artifact as the store lays it out: `train.bin` of shard s is `train/s.bin`."""
    shards = encode.partition(encode.Config(**changes), upstream)
    results = []
    for shard in shards:
        out = folder / "shards" / shard.key
        out.mkdir(parents=True)
        result = encode.process(shard, out)
        result.folder = str(out)
        results.append(result)
        for path in out.iterdir():
            target = folder / "artifact" / path.stem / f"{shard.key}{path.suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(path)
    return encode.finish(shards, results, folder / "artifact"), folder / "artifact"


def test_every_document_is_where_the_table_says_with_the_separator_after_it(tmp_path, upstream):
    _, artifact = run(tmp_path / "run", upstream)
    encoder = Encoder(artifact / "tokenizer")
    texts = {document.id: document.text for documents in FILES.values() for document in documents}
    rows = pq.read_table(artifact / "documents.parquet").to_pylist()
    assert [(row["id"], row["split"]) for row in rows] == [
        ("a", "train"), ("b", "validation"), ("c", "train"), ("d", "excluded"), ("e", "train"),
    ]  # fmt: skip
    for row in rows:
        assert row["bytes"] == len(texts[row["id"]].encode())
        if row["split"] == "excluded":
            assert (row["shard"], row["offset"], row["length"]) == (None, None, None)
            continue
        tokens = np.fromfile(artifact / row["split"] / f"{row['shard']}.bin", dtype="<u2")
        tokens = tokens[row["offset"] : row["offset"] + row["length"]]
        assert tokens[-1] == encoder.end
        assert encoder.decode(tokens[:-1]) == texts[row["id"]]
    assert open_shards(artifact / "train").documents == 3
    assert open_shards(artifact / "validation").documents == 1


def test_a_training_document_that_repeats_a_validation_document_is_left_out_and_counted(tmp_path, upstream):
    metrics, artifact = run(tmp_path / "run", upstream)
    overlaps = dict(
        zip(*pq.read_table(artifact / "documents.parquet", columns=["id", "validation_overlap"]), strict=True)
    )
    overlaps = {id.as_py(): share.as_py() for id, share in overlaps.items()}
    assert overlaps["b"] is None
    assert overlaps["a"] == overlaps["c"] == overlaps["e"] == 0
    assert 0.3 < overlaps["d"] < 1
    size = len(FILES["00000-web"][3].text)
    assert metrics["dropped"] == {"validation_overlap": {"documents": 1, "bytes": size}}
    assert (metrics["documents_in"], metrics["documents_out"]) == (5, 4)
    assert metrics["bytes_in"] - metrics["bytes_out"] == size


def test_without_a_bound_none_is_left_out_and_the_texts_are_no_input(tmp_path, upstream):
    metrics, artifact = run(tmp_path / "run", upstream, max_validation_overlap=None)
    assert metrics["dropped"] == {}
    assert open_shards(artifact / "train").documents == 4
    shards = encode.partition(encode.Config(max_validation_overlap=None), upstream)
    assert "validation_texts" not in shards[0].inputs


def test_the_held_out_documents_are_kept_whole(tmp_path, upstream):
    _, artifact = run(tmp_path / "run", upstream)
    first = pq.read_table(artifact / "validation_documents" / "00000-web.parquet")
    assert first.schema.equals(DOCUMENTS)
    assert first.to_pylist()[0]["text"] == LESSON
    assert pq.read_table(artifact / "validation_documents" / "00001-code.parquet").num_rows == 0
    assert not (artifact / "validation" / "00001-code.bin").exists()


def test_the_figures_add_up(tmp_path, upstream):
    metrics, artifact = run(tmp_path / "run", upstream)
    assert metrics["train_tokens"] == len(open_shards(artifact / "train"))
    assert metrics["validation_tokens"] == len(open_shards(artifact / "validation"))
    assert metrics["tokens"] == metrics["train_tokens"] + metrics["validation_tokens"]
    assert metrics["bytes_per_token"] == pytest.approx(
        metrics["bytes_out"] / (metrics["tokens"] - metrics["documents_out"]), abs=1e-4
    )


def test_a_shard_run_again_gives_the_same_bytes(tmp_path, upstream):
    shard = encode.partition(encode.Config(), upstream)[0]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        encode.process(shard, tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == [
        "table.parquet", "train.bin", "train.idx", "validation.bin", "validation.idx",
        "validation_documents.parquet",
    ]  # fmt: skip
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_side_without_tokens_is_an_error_with_the_numbers(tmp_path, upstream):
    upstream["decontaminate/documents"] = upstream["decontaminate/documents"][1:]
    with pytest.raises(StageError, match="tokenize: 0 validation tokens: of 1 documents 0 are held out"):
        run(tmp_path / "run", upstream)


def test_the_excluded_are_named_where_they_leave_nothing_to_train_on(tmp_path, upstream):
    upstream["decontaminate/documents"] = upstream["decontaminate/documents"][:1]
    with pytest.raises(StageError, match="1 train tokens: of 4 documents 1 are held out and 2 are too close"):
        run(tmp_path / "run", upstream, max_validation_overlap=0.0, validation_overlap_ngram=1)


def test_metrics_of_shards_merge():
    assert merge_metrics([encode._nothing(), encode._nothing()]) == encode._nothing()
