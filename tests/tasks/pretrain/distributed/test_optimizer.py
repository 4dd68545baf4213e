import copy

import pytest
import torch

from model import ModelConfig, Transformer
from tasks.pretrain.config import OptimizerConfig
from tasks.pretrain.distributed.optimizer import WholeOptimizer, parameter_groups


def tiny(tie: bool = True) -> Transformer:
    torch.manual_seed(1)
    shape = ModelConfig(
        vocab_size=16, hidden_size=8, layers=2, heads=2, intermediate_size=24, tie_embeddings=tie
    )
    return Transformer(shape)


def with_gradients(model: Transformer, seed: int = 2) -> Transformer:
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)
    return model


def optimizer(model: Transformer, name: str = "muon", clip: float = 1e9, **settings) -> WholeOptimizer:
    config = OptimizerConfig(name=name, **settings)
    return WholeOptimizer(parameter_groups(model, config), config, clip)


def names(model: Transformer, group) -> set[str]:
    wanted = {id(parameter) for parameter in group["params"]}
    return {name for name, parameter in model.named_parameters() if id(parameter) in wanted}


@pytest.mark.parametrize("tie", [True, False])
@pytest.mark.parametrize("name", ["muon", "adamw"])
def test_every_parameter_is_in_one_group_and_embeddings_and_norms_are_not_decayed(name, tie):
    model = tiny(tie)
    groups = parameter_groups(model, OptimizerConfig(name=name, matrix_weight_decay=0.3, weight_decay=0.2))
    listed = [parameter for group in groups for parameter in group["params"]]
    assert len(listed) == len({id(p) for p in listed}) == len(list(model.parameters()))
    spared = set().union(*(names(model, group) for group in groups if group["weight_decay"] == 0))
    assert spared == {n for n, p in model.named_parameters() if p.ndim == 1 or n.startswith("embedding")}


def test_muon_takes_the_matrices_of_the_blocks_and_never_the_head():
    model = tiny(tie=False)
    groups = parameter_groups(model, OptimizerConfig(name="muon"))
    muon = set().union(*(names(model, group) for group in groups if group["kind"] == "muon"))
    assert muon == {n for n, p in model.named_parameters() if n.startswith("blocks") and p.ndim == 2}


def test_it_moves_the_matrices_as_torch_s_muon_and_the_rest_as_torch_s_adamw():
    ours, theirs = with_gradients(tiny()), with_gradients(tiny())
    optimizer(ours, matrix_weight_decay=0.01, learning_rate=1e-2).step()
    matrices = [p for p in theirs.blocks.parameters() if p.ndim == 2]
    rest = [p for p in theirs.parameters() if all(p is not matrix for matrix in matrices)]
    torch.optim.Muon(matrices, lr=0.02, momentum=0.95, weight_decay=0.01).step()
    torch.optim.AdamW(rest, lr=1e-2, betas=(0.9, 0.95), weight_decay=0.0).step()
    for (name, mine), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(mine, other, atol=1e-6), name


@pytest.mark.parametrize("name", ["muon", "adamw"])
def test_gradients_are_clipped_by_their_global_norm(name):
    model = with_gradients(tiny())
    norm = torch.cat([p.grad.ravel() for p in model.parameters()]).norm()
    whole = optimizer(model, name, clip=0.5)
    whole.step()
    assert whole._global_grad_norm == pytest.approx(float(norm), rel=1e-5)
    assert torch.cat([p.grad.ravel() for p in model.parameters()]).norm() == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["muon", "adamw"])
def test_a_gradient_that_is_not_finite_changes_neither_parameters_nor_moments(name, poison):
    model = with_gradients(tiny())
    whole = optimizer(model, name)
    whole.step()
    before, state = copy.deepcopy(model.state_dict()), copy.deepcopy(whole.state_dict())
    with_gradients(model)
    next(model.parameters()).grad[0, 0] = poison
    whole.step()
    assert whole.overflow
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert str(whole.state_dict()) == str(state)


@pytest.mark.parametrize("name", ["muon", "adamw"])
def test_a_restored_optimizer_goes_on_as_the_original(name):
    model = with_gradients(tiny())
    whole = optimizer(model, name)
    for seed in range(3):
        with_gradients(model, seed)
        whole.step()
    twin = copy.deepcopy(model)
    restored = optimizer(twin, name)
    restored.load_state_dict(copy.deepcopy(whole.state_dict()))
    for seed in range(3, 6):
        for each, its in ((model, whole), (twin, restored)):
            with_gradients(each, seed)
            its.param_groups[0]["lr"] = 0.01 * seed
            its.step()
    for mine, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(mine, other)
