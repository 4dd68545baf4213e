import itertools
from collections import Counter

import pytest
import torch

from model import ModelConfig, Transformer, generate

PROMPTS = [[3, 1, 4], [1, 5, 9, 2, 6, 5, 3], [5]]


@pytest.fixture(scope="module")
def model() -> Transformer:
    torch.manual_seed(2)
    made = Transformer(
        ModelConfig(vocab_size=50, hidden_size=32, layers=2, heads=4, kv_heads=2, max_sequence_length=40)
    )
    with torch.no_grad():
        made.embedding.weight.mul_(20)  # far from uniform, so that the choice is clear
    return made.eval()


def column(steps, index=0):
    return [step[index] for step in steps if step[index] is not None]


def test_greedy_takes_the_likeliest_token_of_the_whole_context(model):
    context = list(PROMPTS[1])
    for (token,) in generate(model, [PROMPTS[1]], 12):
        with torch.no_grad():
            assert token == model(torch.tensor([context]))[0, -1].argmax()
        context.append(token)
    assert len(context) == len(PROMPTS[1]) + 12


@pytest.mark.parametrize("choice", [{}, {"temperature": 1.0, "seed": 5}], ids=["greedy", "sampled"])
def test_prompts_of_several_lengths_together_give_what_each_gives_alone(model, choice):
    together = list(generate(model, PROMPTS, 15, **choice))
    alone = list(generate(model, PROMPTS[:1], 15, **choice))
    assert column(together) == column(alone)
    if not choice:
        for index in (1, 2):
            assert column(together, index) == column(generate(model, PROMPTS[index : index + 1], 15))


def test_a_prompt_ends_with_a_stop_token_and_the_others_go_on(model):
    free = list(generate(model, PROMPTS, 15))
    stop = free[3][0]
    stopped = list(generate(model, PROMPTS, 15, stop=[stop]))
    for index in range(3):
        whole = column(free, index)
        end = whole.index(stop) + 1 if stop in whole else len(whole)
        assert column(stopped, index) == whole[:end]


def test_it_ends_where_the_window_is_full(model):
    steps = list(generate(model, [[1] * 38, [2] * 35], 100))
    assert [len(column(steps, index)) for index in (0, 1)] == [3, 6]


def test_tokens_are_made_one_at_a_time(model, monkeypatch):
    calls = []
    step = Transformer.step
    monkeypatch.setattr(Transformer, "step", lambda *given: calls.append(1) or step(*given))
    assert len(list(itertools.islice(generate(model, PROMPTS, 15), 4))) == 4
    assert len(calls) == 4


def test_a_seed_repeats_and_another_seed_differs(model):
    def draw(seed):
        return list(generate(model, PROMPTS, 20, temperature=1.5, seed=seed))

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_top_k_of_one_and_a_tiny_top_p_are_greedy(model):
    greedy = list(generate(model, PROMPTS, 10))
    assert list(generate(model, PROMPTS, 10, temperature=1.0, top_k=1)) == greedy
    assert list(generate(model, PROMPTS, 10, temperature=1.0, top_p=1e-9)) == greedy


def test_sampling_follows_the_probabilities_within_top_k_and_top_p(model):
    with torch.no_grad():
        logits = model(torch.tensor([[7]]))[0, -1] / 6.0
    probabilities = logits.softmax(0)
    likeliest = probabilities.sort(descending=True)
    steps = next(iter(generate(model, [[7]] * 3000, 1, temperature=6.0, top_k=8, top_p=0.999)))
    drawn = Counter(steps)
    assert set(drawn) <= set(likeliest.indices[:8].tolist())
    top = int(likeliest.indices[0])
    expected = float(likeliest.values[0] / likeliest.values[:8].sum())
    assert drawn[top] / 3000 == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("prompt", [[], [1] * 40])
def test_a_prompt_that_leaves_no_room_is_refused_at_once(model, prompt):
    with pytest.raises(ValueError, match=r"prompt 1 has \d+ tokens: it needs 1 to 39"):
        generate(model, [[1], prompt], 5)


def test_no_prompts_give_nothing(model):
    assert list(generate(model, [], 5)) == []
