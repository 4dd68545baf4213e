"""A model's scores: benchmarks through lm-evaluation-harness, bits per byte, and samples of its text."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.errors import StageError
from tasks.evaluate.config import Config, Generations
from tasks.evaluate.records import Evaluation, Hits

if TYPE_CHECKING:
    import torch

    from model import Transformer
    from tasks.tokenize import Encoder

log = logging.getLogger(__name__)


def evaluate_model(
    model_folder: str | Path,
    config: Config,
    *,
    tokenizer: str | Path | None = None,
    documents: Sequence[str | Path] = (),
    hits: Hits = frozenset(),
) -> Evaluation:
    """Scores a model in Hugging Face layout (Llama or Qwen3).

    tokenizer: tokenizer.json, in the model's folder by default. documents: Parquet files of held-out
    documents, for bits per byte; none without them. hits: (benchmark, item) pairs found in the training data.
    Raises StageError when the model or a benchmark's data can't be read.
    """
    model, encoder = load_model(model_folder, tokenizer, config.device, config.threads)
    evaluation = Evaluation(metrics={"hardware": hardware(model), "seconds": {}})
    seconds = evaluation.metrics["seconds"]
    start = time.monotonic()
    if documents:
        _score_documents(evaluation, model, encoder, documents, config)
        seconds["bits_per_byte"], start = round(time.monotonic() - start, 2), time.monotonic()
    if config.benchmarks:
        from tasks.evaluate.harness import run_benchmarks

        run_benchmarks(evaluation, model, encoder, config, hits)
        seconds["benchmarks"], start = round(time.monotonic() - start, 2), time.monotonic()
    evaluation.generations = continue_prompts(model, encoder, config.generate, config.seed)
    seconds["generate"] = round(time.monotonic() - start, 2)
    evaluation.metrics["scores"] = _in_short(evaluation.scores)
    return evaluation


def load_model(
    folder: str | Path, tokenizer: str | Path | None, device: str, threads: int | None
) -> tuple[Transformer, Encoder]:
    """The model, ready on its device ("auto": a GPU where there is one), and its tokenizer."""
    import torch

    from model import convert
    from tasks.tokenize import Encoder

    if threads is not None:
        torch.set_num_threads(threads)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        model = convert.from_huggingface(folder).to(device).eval()
    except (OSError, ValueError, KeyError) as error:
        raise StageError(f"{folder}: not a model that can be evaluated: {error}") from error
    except RuntimeError as error:
        raise StageError(f"the model can't be put on the device {device!r}: {error}") from error
    return model, Encoder(folder if tokenizer is None else tokenizer)


def read_hits(paths: Iterable[str | Path]) -> Hits:
    """(benchmark, item) of every contamination hit in hits.parquet."""
    from tasks.document import read_batches

    found: set[tuple[str, str]] = set()
    for batch in read_batches(paths, ["benchmark", "item"]):
        found.update(zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True))
    return frozenset(found)


def _score_documents(
    evaluation: Evaluation, model: Transformer, encoder: Encoder, paths: Sequence[str | Path], config: Config
) -> None:
    from tasks.evaluate.bits_per_byte import choose, compressed, score_documents, summarise

    settings = config.bits_per_byte
    documents = choose(paths, settings.max_bytes, config.seed)
    if not documents:
        raise StageError(
            "there is no held-out text to measure bits per byte on: the validation documents are empty"
        )
    scored = score_documents(
        model, encoder, documents, stride=settings.stride, batch_tokens=config.batch_tokens
    )
    sizes = compressed(text for _, text in documents)
    evaluation.scores["bits_per_byte"] = summarise(scored, sizes, config.seed)
    evaluation.documents = [asdict(item) for item in scored]
    log.info("bits per byte: %s", evaluation.scores["bits_per_byte"])


def continue_prompts(
    model: Transformer, encoder: Encoder, settings: Generations, seed: int
) -> list[dict[str, str]]:
    """One continuation of each prompt, as {prompt, text}: the text is what follows the prompt."""
    from model import generate

    window = model.config.max_sequence_length
    room = max(1, window - settings.max_new_tokens)
    prompts = [[encoder.end, *ids.tolist()][-room:] for ids in encoder.encode_batch(settings.prompts)]
    if not prompts:
        return []
    made: list[list[int]] = [[] for _ in prompts]
    most = min(settings.max_new_tokens, window - 1)
    sampling = settings.model_dump(include={"temperature", "top_k"})
    for tokens in generate(model, prompts, most, seed=seed, stop=[encoder.end], **sampling):
        for line, token in enumerate(tokens):
            if token is not None and token != encoder.end:
                made[line].append(token)
    texts = map(encoder.decode, made)
    return [{"prompt": prompt, "text": text} for prompt, text in zip(settings.prompts, texts, strict=True)]


def hardware(model: Transformer) -> dict[str, Any]:
    """Where the scores were made: they are reproducible on the same hardware and software."""
    import torch

    weight: torch.Tensor = model.embedding.weight
    name = torch.cuda.get_device_name(weight.device) if weight.is_cuda else _processor()
    return {
        "device": str(weight.device),
        "name": name,
        "dtype": str(weight.dtype).removeprefix("torch."),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _in_short(scores: dict[str, Any]) -> dict[str, Any]:
    found = {name: item["value"] for name, item in scores["benchmarks"].items()}
    return found | ({"bits_per_byte": scores["bits_per_byte"]["model"]} if "bits_per_byte" in scores else {})
