import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_a_loss_times_nan_poisons_every_gradient():
    hidden = torch.randn(4, 3, requires_grad=True)
    weight = torch.randn(5, 3, requires_grad=True)
    (linear_cross_entropy(hidden, weight, torch.arange(4)) * float("nan")).backward()
    assert hidden.grad.isnan().all()
    assert weight.grad.isnan().all()
