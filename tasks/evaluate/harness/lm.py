"""Our transformer as a model of lm-evaluation-harness.

Every text starts with `<|endoftext|>`, as a document does in training. A prompt that doesn't fit keeps its
end and loses its start (and with it that token: what is left is no document's beginning); how many did is
counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lm_eval.api.model import TemplateLM

from model import generate
from tasks.evaluate.logprobs import Row, batches, score
from tasks.evaluate.windows import rolling_rows

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

    from model import Transformer
    from tasks.tokenize import Encoder

Encoded = tuple[tuple[str, str], list[int], list[int]]
DEFAULT_NEW_TOKENS = 256


class SmeltLM(TemplateLM):
    """Log-likelihoods and generation for `simple_evaluate`.

    batch_tokens: the padded size of a batch of prompts to score; generation_tokens: of prompts and answers
    that are generated together. truncated: prompts cut at their start, by kind of request; seed: of sampled
    generations.
    """

    def __init__(
        self,
        model: Transformer,
        encoder: Encoder,
        *,
        batch_tokens: int = 8192,
        generation_tokens: int = 8192,
        seed: int = 1,
    ):
        super().__init__()
        self.model = model.eval()
        self.encoder = encoder
        self.batch_tokens, self.generation_tokens, self.seed = batch_tokens, generation_tokens, seed
        self.truncated = {"loglikelihood": 0, "generate_until": 0}
        self.generated_tokens = 0

    @property
    def max_length(self) -> int:
        """The model's window in tokens."""
        return self.model.config.max_sequence_length

    @property
    def eot_token_id(self) -> int:
        """The id of `<|endoftext|>`, which is also the prefix of every text."""
        return self.encoder.end

    @property
    def tokenizer_name(self) -> str:
        """A name for caches of requests, which we don't use."""
        return "smelt"

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **ignored: Any) -> list[int]:
        """The ids of a text, after `<|endoftext|>` unless `add_special_tokens` is False."""
        start = [] if add_special_tokens is False else [self.encoder.end]
        return start + self.encoder.encode_batch([string])[0].tolist()

    def _loglikelihood_tokens(self, requests: Sequence[Encoded], **ignored: Any) -> list[tuple[float, bool]]:
        """Single-token continuations of one and the same prompt are scored in one pass."""
        shared: dict[tuple[int, ...], list[int]] = {}
        wanted: list[list[int]] = []
        cut: set[tuple[int, ...]] = set()
        for number, (_, context, continuation) in enumerate(requests):
            if not continuation:
                wanted.append([])
                continue
            tokens = (context + continuation)[:-1]
            if len(tokens) > self.max_length:
                cut.add(tuple(context))
                tokens = tokens[-self.max_length :]
            wanted.append(continuation[-len(tokens) :])
            shared.setdefault(tuple(tokens), []).append(number)
        self.truncated["loglikelihood"] += len(cut)
        rows = []
        for read, numbers in shared.items():
            positions = [place for n in numbers for place in range(len(read) - len(wanted[n]), len(read))]
            rows.append(Row(read, positions, [token for n in numbers for token in wanted[n]]))
        found: list[tuple[float, bool]] = [(0.0, True)] * len(requests)
        for numbers, (logs, likeliest) in zip(
            shared.values(), score(self.model, rows, self.batch_tokens), strict=True
        ):
            start = 0
            for n in numbers:
                end = start + len(wanted[n])
                found[n] = (float(logs[start:end].sum()), bool(likeliest[start:end].all()))
                start = end
        return found

    def loglikelihood_rolling(self, requests: Sequence[Instance], disable_tqdm: bool = False) -> list[float]:
        """The log-likelihood of each whole text, with a window that advances by half its length."""
        totals = []
        for request in requests:
            tokens = self.tok_encode(request.args[0], add_special_tokens=False)
            rows = rolling_rows(tokens, self.encoder.end, self.max_length, self.max_length // 2)
            totals.append(float(sum(logs.sum() for logs, _ in score(self.model, rows, self.batch_tokens))))
        return totals

    def generate_until(self, requests: Sequence[Instance], disable_tqdm: bool = False) -> list[str]:
        """Continues each prompt to a stop string (left out), `<|endoftext|>` or its limit."""
        answers = [""] * len(requests)
        groups: dict[tuple[Any, ...], list[int]] = {}  # limit, temperature, top_k, top_p -> requests
        prompts: list[list[int]] = []
        for number, request in enumerate(requests):
            text, options = request.args
            limit = self._limit(options)
            prompts.append(self._prompt(text, limit))
            temperature = float(options.get("temperature") or 0.0) if options.get("do_sample") else 0.0
            key = (limit, temperature, options.get("top_k"), options.get("top_p"))
            groups.setdefault(key, []).append(number)
        batch = 0
        for (limit, temperature, top_k, top_p), numbers in groups.items():
            sampling = {
                "temperature": temperature,
                "top_k": top_k,
                "top_p": top_p,
                "stop": [self.encoder.end],
            }
            lengths = [len(prompts[number]) + limit for number in numbers]
            for part in batches(lengths, self.generation_tokens):
                chosen = [numbers[index] for index in part]
                stops = [_stops(requests[number].args[1]) for number in chosen]
                asked = [prompts[number] for number in chosen]
                steps = generate(self.model, asked, limit, seed=self.seed + batch, **sampling)
                batch += 1
                for number, answer in zip(chosen, self._collect(steps, stops), strict=True):
                    answers[number] = answer
        return answers

    def _limit(self, options: dict[str, Any]) -> int:
        """New tokens at most: half the window stays for the prompt."""
        asked = int(options.get("max_gen_toks") or options.get("max_new_tokens") or DEFAULT_NEW_TOKENS)
        return max(1, min(asked, self.max_length // 2))

    def _prompt(self, text: str, limit: int) -> list[int]:
        tokens = self.tok_encode(text)
        room = self.max_length - limit
        if len(tokens) > room:
            self.truncated["generate_until"] += 1
            tokens = tokens[-room:]
        return tokens

    def _collect(self, steps: Any, stops: Sequence[Sequence[str]]) -> list[str]:
        """Gathers what `generate` yields until every answer has met a stop string or ended."""
        made: list[list[int]] = [[] for _ in stops]
        texts = [""] * len(stops)
        done = [False] * len(stops)
        for tokens in steps:
            for line, token in enumerate(tokens):
                if done[line]:
                    continue
                if token is None or token == self.encoder.end:
                    done[line] = True
                    continue
                made[line].append(token)
                self.generated_tokens += 1
                texts[line] = self.encoder.decode(made[line])
                cut = min((at for stop in stops[line] if (at := texts[line].find(stop)) >= 0), default=-1)
                if cut >= 0:
                    texts[line], done[line] = texts[line][:cut], True
            if all(done):
                break
        return texts


def _stops(options: dict[str, Any]) -> list[str]:
    until = options.get("until") or []
    return [stop for stop in ([until] if isinstance(until, str) else until) if stop]
