import pytest

from tasks.dedup.banding import PERMUTATIONS, choose_bands, probability
from tasks.dedup.config import Config


@pytest.mark.parametrize("threshold", [0.05, 0.3, 0.5, 0.75, 0.8, 0.9, 1.0])
@pytest.mark.parametrize("recall", [0.5, 0.9, 0.95])
def test_the_wanted_recall_is_reached_with_the_most_rows(threshold: float, recall: float):
    bands, rows = choose_bands(threshold, recall)
    assert probability(threshold, bands, rows) >= recall - 1e-12
    assert bands * rows <= PERMUTATIONS
    more = PERMUTATIONS // (rows + 1)
    assert more == 0 or probability(threshold, more, rows + 1) < recall


def test_bands_and_rows_as_given_unless_a_recall_is_wanted():
    given = {"ngram": 5, "seed": 1, "sketches": False}
    assert Config(bands=20, rows=5).identity() == {**given, "bands": 20, "rows": 5}
    wanted = Config(bands=20, rows=5, recall=0.95, threshold=0.75)
    assert wanted.identity() == {**given, "bands": 29, "rows": 8}
    assert wanted.resolved().bands == 29


def test_the_threshold_is_no_part_of_signatures_that_dont_need_it():
    assert Config(threshold=0.9).identity() == Config().identity()
    assert Config(threshold=0.9, recall=0.9).identity() != Config(recall=0.9).identity()


def test_a_recall_that_no_bands_reach_is_refused():
    with pytest.raises(ValueError, match="no bands"):
        Config(threshold=0.001, recall=0.99)
