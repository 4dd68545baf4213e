"""Blocklists and words for URLs, from files, UT1 folders and smelt's own lists."""

import gzip
from pathlib import Path

import pytest

from tasks.errors import ConfigError, StageError
from tasks.filter.urls.blocklists import Config, list_inputs, load_lists, own_lists
from tasks.node import Input


class Files:
    """What `partition` is given: files by path, digested by content."""

    def __init__(self, root):
        self.root = root

    def resolve(self, path):
        return self.root / path

    def file(self, path, name):
        return Input(name, str(path), path.read_bytes().hex()[:64])


def lists(root, own=False, **config):
    settings = Config(own=own, **config)
    return load_lists(own, list_inputs(settings, Files(root)))


def write(root, **files):
    for name, text in files.items():
        (root / name).write_text(text)
    return root


def test_a_listed_host_covers_its_subdomains_and_nothing_else(tmp_path):
    write(tmp_path, hosts="# a comment\nbad.example\n.worse.example\n10.1.2.3\n\nhttp://Third.Example/\n")
    found = lists(tmp_path, hosts=["hosts"])
    for url in (
        "http://bad.example/",
        "https://www.a.BAD.example:8080/x",
        "http://x.worse.example",
        "http://10.1.2.3/",
    ):
        assert found.measure(url).url_listed_hosts == 1, url
    assert found.measure("http://third.example/").url_match == "host third.example"
    for url in (
        "http://notbad.example/",
        "http://bad.example.org/",
        "http://example/",
        "http://1.10.1.2.3.org/",
    ):
        assert found.measure(url).url_listed_hosts == 0, url


def test_a_listed_url_covers_what_lies_below_it(tmp_path):
    write(tmp_path, urls="site.example/dir\nhttp://other.example/page?id=3\n")
    found = lists(tmp_path, urls=["urls"])
    hits = ["http://site.example/dir", "https://www.site.example/dir/", "http://site.example/dir/a/b.html?q=1",
            "http://other.example/page?id=3&utm_source=x"]  # fmt: skip
    misses = ["http://site.example/", "http://site.example/directory", "http://other.example/page?id=4"]
    assert [found.measure(url).url_listed_urls for url in hits + misses] == [1, 1, 1, 1, 0, 0, 0]


def test_a_ut1_folder_is_read_through(tmp_path):
    (tmp_path / "ut1/adult").mkdir(parents=True)
    (tmp_path / "ut1/phishing").mkdir()
    (tmp_path / "ut1/adult/domains.gz").write_bytes(gzip.compress(b"bad.example\n"))
    (tmp_path / "ut1/adult/urls").write_text("site.example/dir\n")
    (tmp_path / "ut1/phishing/domains").write_text("worse.example\n")
    (tmp_path / "ut1/adult/usage").write_text("black\n")
    found = lists(tmp_path, folders=["ut1"])
    assert found.measure("http://a.bad.example/").url_listed_hosts == 1
    assert found.measure("http://worse.example/").url_listed_hosts == 1
    assert found.measure("http://site.example/dir/x").url_listed_urls == 1
    assert found.measure("http://black/").url_listed_hosts == 0
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="holds no file `domains` or `urls`"):
        lists(tmp_path, folders=["empty"])
    with pytest.raises(ConfigError, match=r"url_lists\.hosts: .*absent can't be read"):
        lists(tmp_path, hosts=["absent"])


def test_words_count_whole_and_subwords_inside(tmp_path):
    write(tmp_path, hard="badword\n", soft="red\nblue\ngreen\n", sub="inner\n")
    found = lists(tmp_path, hard_words=["hard"], soft_words=["soft"], subwords=["sub"])
    one = found.measure("http://x.example/BadWord-red_blue.html?c=%67reen")
    assert (one.url_hard_words, one.url_soft_words, one.url_subwords) == (1, 3, 0)
    assert one.url_match == "badword"
    none = found.measure("http://badwords.example/redblue/infrared")
    assert (none.url_hard_words, none.url_soft_words, none.url_match) == (0, 0, None)
    assert found.measure("http://x-in.ner.example/").url_subwords == 1


def test_a_subword_with_marks_of_its_own_is_looked_for_with_them(tmp_path):
    write(tmp_path, sub="g-spot\n2 girls\n", soft="s&m\n")
    found = lists(tmp_path, subwords=["sub"], soft_words=["soft"])
    for url, hits in {
        "http://someone.blogspot.com/": 0,
        "http://x.example/the-G-Spot": 1,
        "http://x.example/2-girls": 1,
        "http://x.example/12girls": 1,
    }.items():
        assert found.measure(url).url_subwords == hits, url


def test_smelts_own_lists_know_the_business_and_leave_its_neighbours_alone():
    own = load_lists(True, {})
    bad = ["https://www.xvideos.com/video1", "http://hot.example.xxx/", "http://a.org/free-porn-clips",
           "http://b.net/casino-poker-bonus", "http://cheapviagraonline.biz/", "http://nude-webcam.example/"]  # fmt: skip
    good = [
        "https://www.sussex.ac.uk/schools/", "https://en.wikipedia.org/wiki/Scunthorpe",
        "https://health.example/teen-sex-education", "https://docs.python.org/3/library/random.html",
        "https://www.essexcountycouncil.gov.uk/adult-learning", "https://law.example/analysis-of-assault",
        "https://news.example/2019/casino-opens", "https://sport.example/pussy-riot-concert", None, "not a url",
    ]  # fmt: skip

    def dropped(url):
        found = own.measure(url)
        return bool(
            found.url_listed_hosts or found.url_hard_words or found.url_soft_words > 1 or found.url_subwords
        )

    assert [url for url in bad if not dropped(url)] == []
    assert [url for url in good if dropped(url)] == []
    hard, soft, inside = (own_lists()[kind] for kind in ("hard_words", "soft_words", "subwords"))
    assert all(word.isalnum() and word == word.lower() for word in hard | soft | inside)
    assert not hard & soft


def test_paths_are_no_identity_and_contents_are(tmp_path):
    write(tmp_path, a="bad.example\n", b="bad.example\n")
    first, second = (list_inputs(Config(hosts=[name]), Files(tmp_path)) for name in ("a", "b"))
    assert [(file.name, file.digest) for file in first["url_hosts"]] == [
        (file.name, file.digest) for file in second["url_hosts"]
    ]
    assert Config(hosts=["a"]).identity() == {"own": True}


@pytest.mark.parametrize("damage", [lambda data: data[:-20], lambda data: data[:10] + b"\xff" * 20])
def test_a_broken_list_is_one_clear_message(tmp_path, damage):
    (tmp_path / "list.gz").write_bytes(damage(gzip.compress(b"bad.example\n" * 1000)))
    with pytest.raises(StageError, match=r"list\.gz, a list of filter\.url_lists, can't be read"):
        lists(tmp_path, hosts=["list.gz"])
    assert Path(tmp_path / "list.gz").exists()
