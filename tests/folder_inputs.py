"""What the frame hands to a node's `partition`, for tests of single nodes."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.node import Input


class FolderInputs:
    """What the frame hands to `partition`."""

    def __init__(self, **outputs):
        self.outputs = outputs

    def __getitem__(self, name):
        return [Input(name.split("/")[1], str(path), f"digest of {path.name}") for path in self.outputs[name]]

    def resolve(self, path):
        return Path("/pipeline") / path

    def file(self, path, name):
        return Input(name, str(path), f"digest of {path.name}")


def edits_file(documents, words=()):
    """The record of edits for a file of documents: (id, words taken) of those that edits changed."""
    path = documents.parent / "edits" / documents.name
    path.parent.mkdir(exist_ok=True)
    schema = pa.schema([("id", pa.string()), ("words", pa.int64())])
    pq.write_table(pa.Table.from_pylist([{"id": id, "words": taken} for id, taken in words], schema), path)
    return path
