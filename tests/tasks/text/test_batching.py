from tasks.text.batching import batches


def test_a_batch_ends_with_the_text_that_fills_it_and_nothing_is_lost():
    assert list(batches(["ab", "c", "d"], 3)) == [["ab", "c"], ["d"]]
    assert list(batches(["longer than a batch", ""], 3)) == [["longer than a batch"], [""]]
    assert list(batches([], 3)) == []
