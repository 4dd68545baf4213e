import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

import model.loss
from model.loss import linear_cross_entropy


def plain(hidden, weight, targets):
    """The same in three lines, all logits at once."""
    count = (targets != -100).sum().clamp(min=1)
    return F.cross_entropy((hidden @ weight.t()).float(), targets, reduction="sum") / count


@given(
    rows=st.integers(1, 40), vocab=st.integers(2, 50), ignored=st.integers(0, 40), chunk=st.integers(1, 500),
    scale=st.sampled_from([0.1, 1.0, 30.0]), seed=st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=60)
def test_loss_and_gradients_are_those_of_the_plain_form_for_any_slicing(
    rows, vocab, ignored, chunk, scale, seed
):
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.randn(rows, 6, generator=generator).mul(scale).requires_grad_()
    weight = torch.randn(vocab, 6, generator=generator).requires_grad_()
    targets = torch.randint(vocab, (rows,), generator=generator)
    targets[:ignored] = -100
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(model.loss.CHUNK_ELEMENTS, "cpu", chunk)
        ours = linear_cross_entropy(hidden, weight, targets)
        found = torch.autograd.grad(ours * 3.0, (hidden, weight))
        with torch.no_grad():
            unlearned = linear_cross_entropy(hidden, weight, targets)
    theirs = plain(hidden, weight, targets)
    expected = torch.autograd.grad(theirs * 3.0, (hidden, weight))
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(unlearned, theirs.detach(), rtol=1e-5, atol=1e-5)
    for mine, reference in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, reference, rtol=1e-4, atol=1e-5)


def test_huge_logits_neither_overflow_nor_vanish():
    hidden = torch.tensor([[1e4], [-1e4]], requires_grad=True)
    weight = torch.tensor([[1.0], [-1.0]], requires_grad=True)
    loss = linear_cross_entropy(hidden, weight, torch.tensor([0, 0]))
    loss.backward()
    assert loss.item() == pytest.approx(1e4)
    assert torch.isfinite(hidden.grad).all()


def test_bfloat16_gives_an_fp32_loss_and_bfloat16_gradients():
    hidden = torch.randn(8, 6).bfloat16().requires_grad_()
    weight = torch.randn(10, 6).bfloat16().requires_grad_()
    loss = linear_cross_entropy(hidden, weight, torch.arange(8))
    loss.backward()
    assert loss.dtype == torch.float32
    assert hidden.grad.dtype == weight.grad.dtype == torch.bfloat16
    torch.testing.assert_close(loss, plain(hidden, weight, torch.arange(8)), rtol=1e-2, atol=1e-2)


class Products(TorchDispatchMode):
    """Notes the dtype of every matrix product that is computed."""

    def __init__(self):
        super().__init__()
        self.dtypes = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function.overloadpacket in (torch.ops.aten.mm, torch.ops.aten.addmm, torch.ops.aten.addmm_):
            self.dtypes.append(args[-1].dtype)
        return function(*args, **kwargs or {})


def test_under_autocast_every_product_is_in_bfloat16_and_the_gradients_are_those_of_fp32(monkeypatch):
    monkeypatch.setitem(model.loss.CHUNK_ELEMENTS, "cpu", 500)
    hidden = torch.randn(200, 32).requires_grad_()
    weight = torch.randn(50, 32).mul(0.2).requires_grad_()
    targets = torch.randint(50, (200,))
    with torch.autocast("cpu", torch.bfloat16), Products() as products:
        loss = linear_cross_entropy(hidden, weight, targets)
        found = torch.autograd.grad(loss, (hidden, weight))
    assert len(products.dtypes) == 3 * 20  # logits and both gradients, 10 rows at a time
    assert set(products.dtypes) == {torch.bfloat16}
    assert loss.dtype == found[0].dtype == found[1].dtype == torch.float32
    exact = plain(hidden, weight, targets)
    torch.testing.assert_close(loss, exact, rtol=1e-2, atol=0)
    for ours, reference in zip(found, torch.autograd.grad(exact, (hidden, weight)), strict=True):
        assert (ours - reference).norm() < 0.01 * reference.norm()


def test_a_loss_times_nan_poisons_every_gradient():
    hidden = torch.randn(4, 3, requires_grad=True)
    weight = torch.randn(5, 3, requires_grad=True)
    (linear_cross_entropy(hidden, weight, torch.arange(4)) * float("nan")).backward()
    assert hidden.grad.isnan().all()
    assert weight.grad.isnan().all()
