"""What the frame hands to a node's `partition`, for tests of single nodes."""

from pathlib import Path

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
