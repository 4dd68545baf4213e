import math

import pytest
import torch
import torch.nn.functional as F

from model import KVCache, ModelConfig, Transformer


def build(**changes) -> Transformer:
    shape = {
        "vocab_size": 97,
        "hidden_size": 32,
        "layers": 2,
        "heads": 4,
        "kv_heads": 2,
        "max_sequence_length": 32,
    }
    torch.manual_seed(7)
    return Transformer(ModelConfig(**(shape | changes)))


def some_tokens(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randint(0, 97, shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("hidden_size", [32, 256])
@pytest.mark.parametrize("tied", [True, False])
def test_the_initial_loss_is_about_that_of_a_uniform_guess(hidden_size, tied):
    model = build(hidden_size=hidden_size, vocab_size=1000, layers=4, tie_embeddings=tied)
    tokens = torch.randint(0, 1000, (8, 33), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        loss = model(tokens[:, :-1], tokens[:, 1:])
    assert loss.item() == pytest.approx(math.log(1000), abs=0.15)


def test_the_residual_stream_keeps_its_scale_through_many_layers():
    model, deep = build(hidden_size=64, layers=2), build(hidden_size=64, layers=24)
    scales = []
    for each in (model, deep):
        found = []
        each.norm.register_forward_pre_hook(lambda _, x, found=found: found.append(x[0].std().item()))
        with torch.no_grad():
            each(some_tokens(2, 32))
        scales.append(found[0])
    assert 0.5 < scales[1] / scales[0] < 2


def test_the_same_seed_gives_the_same_weights():
    first, second = build(), build()
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_a_model_made_on_meta_and_initialised_is_whole():
    with torch.device("meta"):
        model = Transformer(ModelConfig(vocab_size=97, hidden_size=32, layers=2, max_sequence_length=32))
    model.to_empty(device="cpu")
    model.init_weights(torch.Generator().manual_seed(1))
    assert torch.isfinite(model(some_tokens(1, 32))).all()
    assert torch.equal(model.cos, build(heads=4).cos)


@pytest.mark.parametrize("changes", [{}, {"tie_embeddings": False}, {"qk_norm": True}, {"kv_heads": 1}])
def test_the_loss_is_the_cross_entropy_of_the_logits_and_so_are_its_gradients(changes):
    model = build(**changes)
    tokens, targets = some_tokens(3, 16), some_tokens(3, 16, seed=2)
    targets[1, :5] = -100
    loss = model(tokens, targets)
    found = torch.autograd.grad(loss, tuple(model.parameters()))
    expected_loss = F.cross_entropy(model(tokens).flatten(0, 1), targets.flatten())
    expected = torch.autograd.grad(expected_loss, tuple(model.parameters()))
    torch.testing.assert_close(loss, expected_loss)
    for mine, reference in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, reference, rtol=1e-4, atol=1e-6)


def test_a_token_changes_no_logits_before_it():
    model = build()
    tokens = some_tokens(1, 20)
    other = tokens.clone()
    other[0, 12] += 1
    with torch.no_grad():
        before, after = model(tokens), model(other)
    torch.testing.assert_close(before[:, :12], after[:, :12])
    assert not torch.allclose(before[:, 12:], after[:, 12:])


def test_positions_matter():
    model = build()
    with torch.no_grad():
        logits = model(torch.tensor([[5, 6, 9], [6, 5, 9]]))
    assert not torch.allclose(logits[0, 2], logits[1, 2], atol=1e-4)


@pytest.mark.parametrize("changes", [{}, {"kv_heads": 1}, {"qk_norm": True}])
def test_steps_with_a_cache_give_the_logits_of_the_whole(changes):
    model = build(**changes)
    tokens = some_tokens(2, 20)
    cache = KVCache.empty(model, torch.zeros(2, dtype=torch.int64), 20)
    with torch.no_grad():
        expected = model(tokens)
    torch.testing.assert_close(model.step(tokens[:, :7], cache), expected[:, 6])
    torch.testing.assert_close(model.step(tokens[:, 7:9], cache), expected[:, 8])
    for position in range(9, 20):
        logits = model.step(tokens[:, position : position + 1], cache)
        torch.testing.assert_close(logits, expected[:, position])


def test_it_compiles_into_one_graph():
    model = build(layers=1)
    tokens, targets = some_tokens(2, 16), some_tokens(2, 16, seed=2)
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    loss = compiled(tokens, targets)
    loss.backward()
    torch.testing.assert_close(loss, model(tokens, targets))
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_parameters_are_counted_once_and_by_role():
    model = build(hidden_size=32, heads=4, kv_heads=2, intermediate_size=48, layers=2)
    counts = model.parameter_counts()
    assert counts["embedding"] == 97 * 32
    assert counts["head"] == 0
    assert counts["attention"] == 2 * (32 * 32 * 2 + 32 * 16 * 2)
    assert counts["mlp"] == 2 * 3 * 32 * 48
    assert counts["norms"] == 5 * 32
    assert counts["total"] == sum(parameter.numel() for parameter in model.parameters())
    assert build(tie_embeddings=False).parameter_counts()["head"] == 97 * 32


@pytest.mark.parametrize("changes", [{}, {"tie_embeddings": False}, {"qk_norm": True, "kv_heads": 1}])
def test_flops_are_those_that_torch_counts_in_the_matrix_products(changes):
    from torch.utils.flop_counter import FlopCounterMode

    model = build(**changes)
    tokens = some_tokens(4, 32)
    with FlopCounterMode(display=False) as counter:
        model(tokens).sum().backward()
    products = sum(
        count for name, count in counter.get_flop_counts()["Global"].items() if "attention" not in str(name)
    )
    attention = model.config.layers * 6 * model.config.heads * model.config.head_dim * 32
    assert model.flops_per_token(32) - attention == products / (4 * 32)
