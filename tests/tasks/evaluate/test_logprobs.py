import numpy as np
import pytest
import torch

from tasks.evaluate.logprobs import Row, batches, score


def reference(model, row: Row) -> tuple[np.ndarray, np.ndarray]:
    """Plain: one sequence, all logits, log-softmax in float64."""
    with torch.no_grad():
        logs = model(torch.tensor([list(row.tokens)]))[0].double().log_softmax(-1)
    values = [float(logs[place, target]) for place, target in zip(row.positions, row.targets, strict=True)]
    best = [
        bool(logs[place].argmax() == target) for place, target in zip(row.positions, row.targets, strict=True)
    ]
    return np.array(values), np.array(best, bool)


@pytest.mark.parametrize("batch_tokens", [1, 100, 10_000])
def test_scores_equal_those_of_single_sequences_for_any_batch(model, batch_tokens):
    generator = np.random.default_rng(1)
    rows = []
    for length in (1, 2, 5, 17, 64, 64, 33):
        tokens = generator.integers(0, 300, length).tolist()
        places = generator.integers(0, length, 4).tolist()
        rows.append(Row(tokens, places, generator.integers(0, 300, 4).tolist()))
    with torch.no_grad():
        likeliest = int(model(torch.tensor([rows[0].tokens]))[0, 0].argmax())
    rows.append(Row(rows[0].tokens, [0], [likeliest]))
    rows.append(Row([1, 2, 3], [], []))
    for row, (logs, best) in zip(rows, score(model, rows, batch_tokens), strict=True):
        expected, expected_best = reference(model, row)
        np.testing.assert_allclose(logs, expected, atol=2e-5)
        assert best.tolist() == expected_best.tolist()


def test_batches_keep_within_the_limit_longest_first():
    assert list(batches([3, 9, 4, 20, 4], 12)) == [[3], [1], [2, 4, 0]]
    assert list(batches([], 12)) == []
