from pathlib import Path

from tasks.dedup import story
from tasks.story import Node


def node(**metrics) -> Node:
    return Node("dedup", "dedup", {}, Path("/none"), {"metrics": metrics})


CLUSTER = {
    "cluster": "a1",
    "documents": 1200,
    "kept": 2,
    "samples": [
        {"id": "a1", "survivor": "a1", "similarity": 1.0, "text": "the <b>survivor</b>"},
        {"id": "b2", "survivor": "a1", "similarity": 0.8125, "text": "one like it"},
    ],
}


def test_a_cluster_shows_how_many_it_holds_and_whom_the_survivor_stands_for():
    shown = str(story.largest(node(top_clusters=[CLUSTER])))
    assert "1,200 documents" in shown
    assert "the &lt;b&gt;survivor&lt;/b&gt;" in shown
    assert "removed, similarity 0.812" in shown
    assert shown.index("kept") < shown.index("removed")


def test_alarms_are_lines():
    assert "the source &#x27;web&#x27;" in str(story.alarms(node(alarms=["the source 'web' lost all"])))


def test_a_node_without_either_shows_neither():
    for metrics in ({}, {"alarms": [], "top_clusters": []}, {"alarms": 3, "top_clusters": "x"}):
        assert story.largest(node(**metrics)) is None
        assert story.alarms(node(**metrics)) is None
