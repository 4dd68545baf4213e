"""A tiny model with random weights, its tokenizer and a few documents: what every test here evaluates."""

from __future__ import annotations

from pathlib import Path

import pytest

TEXTS = [
    "def add(a, b):\n    return a + b\n",
    "Question: What is 2 + 3?\nAnswer: 2 + 3 = 5.\n#### 5\n",
    "The list type holds items in order. Which of these is a list?\nA. [1]\nB. {}\nAnswer: A\n",
    "Grüße aus Köln: 東京 — naïve café ☕\n",
]
WINDOW = 64


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tasks.tokenize.bpe import save_tokenizer, train_bpe

    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(train_bpe(TEXTS * 3, 300), folder)
    return folder


@pytest.fixture(scope="session")
def encoder(encoder_folder: Path):
    from tasks.tokenize import Encoder

    return Encoder(encoder_folder)


@pytest.fixture(scope="session")
def model():
    import torch

    from model import ModelConfig, Transformer

    torch.manual_seed(0)
    made = Transformer(
        ModelConfig(vocab_size=300, hidden_size=32, layers=2, heads=4, kv_heads=2, max_sequence_length=WINDOW)
    )
    with torch.no_grad():
        made.embedding.weight.mul_(8)  # far from uniform, so that wrong positions show
    return made.eval()


@pytest.fixture(scope="session")
def model_folder(model, encoder_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import shutil

    from model import convert

    folder = tmp_path_factory.mktemp("model")
    convert.to_huggingface(model, folder)
    for item in encoder_folder.iterdir():
        shutil.copy(item, folder)
    return folder


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tasks.document import Document, DocumentWriter

    path = tmp_path_factory.mktemp("documents") / "validation_documents.parquet"
    with DocumentWriter(path) as writer:
        for number, text in enumerate(TEXTS):
            writer.add(Document(f"d{number}", text * (number + 1)))
    return path


@pytest.fixture(autouse=True)
def _no_survey_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness asks pip, lscpu and nvidia-smi at the end of every run: two seconds that no test needs."""
    import torch.utils.collect_env as collect_env

    monkeypatch.setattr(collect_env, "get_pretty_env_info", lambda: "")
