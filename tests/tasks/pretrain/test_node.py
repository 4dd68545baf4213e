from tasks.pretrain import node


def test_a_run_trains_and_leaves_a_model(make_job):
    job = make_job()
    result = node.train(job)
    assert result["steps"] == 12
