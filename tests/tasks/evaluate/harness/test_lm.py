import math

import pytest
import torch
from lm_eval.api.instance import Instance

from model import generate
from tasks.evaluate.harness.lm import SmeltLM

END = 0


def ask(kind: str, *arguments) -> Instance:
    return Instance(request_type=kind, doc={}, arguments=arguments, idx=0)


@pytest.fixture
def adapter(model, encoder) -> SmeltLM:
    return SmeltLM(model, encoder, batch_tokens=256, generation_tokens=512)


def plain(model, tokens: list[int], scored: int) -> float:
    """The log-likelihood of the last `scored` tokens of one sequence."""
    with torch.no_grad():
        logs = model(torch.tensor([tokens[:-1]]))[0].double().log_softmax(-1)
    return sum(float(logs[place - 1, tokens[place]]) for place in range(len(tokens) - scored, len(tokens)))


def ids(encoder, text: str) -> list[int]:
    return encoder.encode_batch([text])[0].tolist()


def test_the_end_of_text_token_starts_every_text(adapter, encoder):
    assert encoder.end == END
    assert adapter.tok_encode("add") == [END, *ids(encoder, "add")]
    assert adapter.tok_encode("add", add_special_tokens=False) == ids(encoder, "add")
    assert adapter.eot_token_id == adapter.prefix_token_id == END


def test_the_text_of_a_special_token_is_text(adapter):
    assert END not in adapter.tok_encode("<|endoftext|>", add_special_tokens=False)


def test_log_likelihoods_are_those_of_the_whole_sequence(adapter, model, encoder):
    pairs = [("Answer:", " A"), ("Answer:", " B"), ("Question: What", " is 2 + 3?\n"), ("", "def add")]
    found = adapter.loglikelihood([ask("loglikelihood", *pair) for pair in pairs], disable_tqdm=True)
    for (context, continuation), (value, _) in zip(pairs, found, strict=True):
        before = [END, *ids(encoder, context)]
        whole = [END, *ids(encoder, context + continuation)]
        assert value == pytest.approx(plain(model, whole, len(whole) - len(before)), abs=1e-4)


def test_a_greedy_continuation_is_told_from_others(adapter, model, encoder):
    prompt = [END, *ids(encoder, "def add")]
    best = next(iter(generate(model, [prompt], 1)))[0]
    other = (best + 1) % 300
    found = adapter._loglikelihood_tokens([(("", ""), prompt, [best]), (("", ""), prompt, [other])])
    assert [greedy for _, greedy in found] == [True, False]
    assert found[0][0] > found[1][0]


def test_a_long_prompt_keeps_its_end_and_is_counted_once_for_all_its_choices(adapter, model, encoder):
    context = "list " * 200 + "Answer:"
    found = adapter.loglikelihood(
        [ask("loglikelihood", context, f" {letter}") for letter in "ABCD"], disable_tqdm=True
    )
    assert adapter.truncated["loglikelihood"] == 1
    for letter, (value, _) in zip("ABCD", found, strict=True):
        whole = ids(encoder, f"{context} {letter}")
        scored = len(whole) - len(ids(encoder, context))
        # The window of 64 tokens is what is read; the successor of the last is judged too.
        assert value == pytest.approx(plain(model, whole[-65:], scored), abs=1e-4)


def test_a_rolling_log_likelihood_sums_over_the_document(adapter, model, encoder):
    text = "def add(a, b):"
    tokens = [END, *ids(encoder, text)]
    [value] = adapter.loglikelihood_rolling([ask("loglikelihood_rolling", text)])
    assert value == pytest.approx(plain(model, tokens, len(tokens) - 1), abs=1e-4)
    [long] = adapter.loglikelihood_rolling([ask("loglikelihood_rolling", text * 30)])
    assert math.isfinite(long)
    assert long < value


def test_generation_is_greedy_stops_and_leaves_the_stop_string_out(adapter, model, encoder):
    prompt = "def add(a, b):"
    steps = generate(model, [[END, *ids(encoder, prompt)]], 12, stop=[END])
    text = encoder.decode([token for (token,) in steps if token is not None and token != END])
    assert len(text) > 4
    stop = text[3:5]
    options = {"max_gen_toks": 12, "until": []}
    cut = {"max_gen_toks": 12, "until": [stop, "never there"]}
    found = adapter.generate_until(
        [ask("generate_until", prompt, options), ask("generate_until", prompt, cut)]
    )
    assert found == [text, text[: text.find(stop)]]
    assert adapter.truncated["generate_until"] == 0


def test_answers_do_not_depend_on_the_batch(model, encoder):
    prompts = ["def", "Question: What is 2 + 3?\nAnswer:", "The list", "A. [1]\nB. {}"]
    requests = [ask("generate_until", prompt, {"max_gen_toks": 8, "until": ["\n"]}) for prompt in prompts]
    together = SmeltLM(model, encoder, generation_tokens=100_000).generate_until(requests)
    alone = SmeltLM(model, encoder, generation_tokens=1).generate_until(requests)
    assert together == alone


def test_a_long_prompt_leaves_room_for_the_answer(adapter):
    requests = [ask("generate_until", "list " * 500, {"max_gen_toks": 500, "until": ["never there"]})]
    [text] = adapter.generate_until(requests)
    assert adapter.truncated["generate_until"] == 1
    assert 0 < adapter.generated_tokens <= 32
    assert text


def test_samples_differ_from_each_other_and_are_repeatable(model, encoder):
    options = {"max_gen_toks": 12, "until": [], "do_sample": True, "temperature": 1.0}
    requests = [ask("generate_until", "def", options) for _ in range(3)]
    first = SmeltLM(model, encoder, seed=5, generation_tokens=16).generate_until(requests)
    assert len(set(first)) == 3
    assert first == SmeltLM(model, encoder, seed=5, generation_tokens=16).generate_until(requests)
    assert first != SmeltLM(model, encoder, seed=6, generation_tokens=16).generate_until(requests)
