"""Text, token by token."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from model.transformer import KVCache, Transformer


def generate(
    model: Transformer,
    prompts: Sequence[Sequence[int]],
    max_new_tokens: int,
    *,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 1,
    stop: Collection[int] = (),
) -> Iterator[list[int | None]]:
    """Continues prompts together and yields, as each step is done, one token per prompt.

    A prompt that has ended (it reached a token of `stop`, which is yielded, or the model's window is full)
    yields None from then on; the iterator ends with the last of them, or after max_new_tokens. temperature 0
    is greedy; otherwise tokens are drawn from the `top_k` likeliest and from the likeliest whose
    probabilities reach `top_p` (nucleus sampling, Holtzman et al. 2020). Each prompt draws from a generator
    of its own, made of seed and its index, so that what it yields doesn't depend on the others.

    Raises ValueError for an empty prompt and for one that fills the model's window.

    >>> tokens = [token for (token,) in generate(model, [[1, 2, 3]], 8)]  # doctest: +SKIP
    """
    window = model.config.max_sequence_length
    lengths = [len(prompt) for prompt in prompts]
    for index, length in enumerate(lengths):
        if not 1 <= length < window:
            raise ValueError(
                f"prompt {index} has {length} tokens: it needs 1 to {window - 1}, the model's window less one"
            )
    choose = partial(_choose, temperature=temperature, top_k=top_k, top_p=top_p)
    return _continue(model, prompts, max_new_tokens, choose, seed, frozenset(stop))


@torch.inference_mode()
def _continue(
    model: Transformer, prompts: Sequence[Sequence[int]], most: int, choose: Callable[..., int], seed: int,
    stop: frozenset[int],
) -> Iterator[list[int | None]]:  # fmt: skip
    lengths = [len(prompt) for prompt in prompts]
    longest, window = max(lengths, default=0), model.config.max_sequence_length
    limits = [min(most, window - length + 1) for length in lengths]
    device = model.embedding.weight.device
    padding = torch.tensor([longest - n for n in lengths])
    cache = KVCache.empty(model, padding, longest + max(limits, default=0))
    generators = [torch.Generator().manual_seed(seed * 1_000_003 + row) for row in range(len(prompts))]
    tokens = torch.tensor([[0] * (longest - len(prompt)) + list(prompt) for prompt in prompts], device=device)
    alive = [limit > 0 for limit in limits]
    made = 0
    while any(alive):
        logits = model.step(tokens, cache).float().cpu()
        chosen = [choose(row, generators[index]) if alive[index] else 0 for index, row in enumerate(logits)]
        made += 1
        yield [token if alive[index] else None for index, token in enumerate(chosen)]
        for index, token in enumerate(chosen):
            alive[index] = alive[index] and token not in stop and made < limits[index]
        tokens = torch.tensor(chosen, device=device).unsqueeze(1)


def _choose(
    logits: Tensor, generator: torch.Generator, *, temperature: float, top_k: int | None, top_p: float | None
) -> int:
    """One token from logits (V,) fp32 on the CPU."""
    if temperature <= 0:
        return int(logits.argmax())
    values, order = (logits / temperature).sort(descending=True, stable=True)
    probabilities = values.softmax(dim=0)
    keep = len(probabilities) if top_k is None else max(1, min(top_k, len(probabilities)))
    if top_p is not None:
        share = probabilities[:keep] / probabilities[:keep].sum()
        keep = max(1, int((share.cumsum(0) - share < top_p).sum()))
    return int(order[torch.multinomial(probabilities[:keep], 1, generator=generator)])
