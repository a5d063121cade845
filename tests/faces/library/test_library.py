"""`import chaffinch`: what it costs, what it gives, and that it decides as a corpus does."""

import json
import re
import subprocess
import sys
from dataclasses import astuple
from importlib.util import find_spec
from pathlib import Path

import pytest

import chaffinch
from chaffinch.corpus.connect import open_reader
from chaffinch.faces import library
from tests.conftest import Run
from tests.copies.texts import article, half, shuffle, spin, splice

PHONE = re.compile(r"1[3-9]\d{9}")
BODY = "花呗逾期以后，平台会先用短信和电话提醒；一直不还，就会联系紧急联系人，再往后会上报征信，最后可能被起诉。"
MORE = "协商分期要先说明收入和困难，再提出每个月能还多少；谈好以后要书面确认，不要只听电话里的承诺，凭证至少留两年。"
PAGE = f"""<html><head><meta charset="gb2312"><title>花呗逾期一天怎么办 - 某站</title></head><body>
<div class="nav"><a href="/a">首页</a><a href="/b">催收科普</a></div>
<h1>花呗逾期一天怎么办</h1><div class="info">发布时间：2024-05-01 来源：网络</div>
<div class="content"><p>{BODY}</p><p>咨询请加微信 zhaiwu88888 或拨打 13800138000。</p><p>{MORE}</p>
<p>上一篇：<a href="/1">没有了</a></p></div></body></html>"""


def test_importing_it_imports_nothing_else() -> None:
    code = "import sys; before = set(sys.modules); import chaffinch; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"numpy", "lxml", "scrapy", "twisted", "sqlite_utils", "bs4"}
    assert [name for name in done.stdout.split() if name.startswith("chaffinch")] == ["chaffinch"]


def test_it_offers_what_the_library_has() -> None:
    assert chaffinch.__all__ == library.__all__
    assert set(chaffinch.__all__) <= set(dir(chaffinch))
    assert all(getattr(chaffinch, name) is getattr(library, name) for name in chaffinch.__all__)
    with pytest.raises(AttributeError, match="'chaffinch' has no attribute 'raed'"):
        chaffinch.raed  # noqa: B018


@pytest.mark.parametrize("page", [PAGE, PAGE.encode(), PAGE.encode("gb18030")])
def test_a_page_is_read_with_its_evidence(page: str | bytes) -> None:
    found = chaffinch.read(page, url="https://www.example.com/1.html")
    assert isinstance(found, chaffinch.Article)
    assert found.title == "花呗逾期一天怎么办" and found.published == "2024-05-01"
    assert found.text.startswith(BODY) and found.text.endswith(MORE)
    assert {gone.rule for gone in found.removed} == {"title-line", "info-line", "promotion"}
    assert {"title", "published"} <= set(found.sources)
    assert sorted(contact.kind for contact in found.contacts) == ["phone", "wechat"]
    said = repr(found)
    assert not PHONE.search(said) and "zhaiwu88888" not in said
    assert found.topic == "催收科普"


def test_what_is_no_article_says_why() -> None:
    with pytest.raises(chaffinch.NoArticleError, match=r"https://a\.example/: no article: ") as told:
        chaffinch.read("<p>短", url="https://a.example/")
    assert told.value.reason and isinstance(told.value, ValueError)
    with pytest.raises(chaffinch.NoArticleError):
        chaffinch.clean(" \n")
    with pytest.raises(TypeError, match="not int"):
        chaffinch.fingerprint(7)  # type: ignore[arg-type]


def test_two_texts_are_compared_as_a_collection_of_two_is() -> None:
    one = article(1)
    for other in (one, spin(one, 0.05, 1), half(one), splice(one, article(2)), article(3), "太短"):
        found = chaffinch.compare(one, other)
        pairs = chaffinch.near_duplicates([one, other]).pairs
        figures = (found.hamming, found.jaccard, found.containment, found.spread, found.kind)
        assert (figures == astuple(pairs[0])[2:]) if pairs else found.kind is None
        assert found.copies == bool(chaffinch.near_duplicates([one, other]).clusters)
    changed = chaffinch.compare(BODY, BODY.replace("花呗", "借呗"))
    assert [(row.left_spans, row.right_spans) for row in changed.rows] == [(((0, 1),), ((0, 1),))]
    assert chaffinch.compare(one, one).rare == 1 and chaffinch.compare(one, article(3)).rare < 0.01


def test_clusters_and_evidence_are_those_of_a_corpus(tmp_path: Path, run: Run) -> None:
    """Those of the corpus that `ingest` makes, and of `cluster --rebuild`, which must agree."""
    texts = [text for seed in range(12) for text in versions(seed)]
    lines = (json.dumps({"id": str(place), "text": text}) for place, text in enumerate(texts))
    (tmp_path / "texts.jsonl").write_text("\n".join(lines))
    assert run("ingest", "texts.jsonl").returncode == 0
    found = chaffinch.near_duplicates(chaffinch.clean(text).text for text in texts)
    mine = {frozenset(cluster.members) for cluster in found.clusters}
    assert len(mine) == 12 and stored_clusters(tmp_path / "corpus.db") == mine
    assert run("cluster", "--rebuild").returncode == 0
    assert stored_clusters(tmp_path / "corpus.db") == mine
    with chaffinch.open(tmp_path / "corpus.db") as corpus:
        place = {row["id"]: int(row["url"].partition("#")[2]) for row in corpus.articles()}
        evidence = {
            (*sorted((place[row["a"]], place[row["b"]])), row["hamming"], row["jaccard"], row["kind"])
            for row in corpus.pairs()
        }
    # Which of several texts of the same letters is compared with the others is nobody's business.
    same = {frozenset((a, b)) for a, b, _, jaccard, _ in evidence if jaccard == 1}
    assert len(evidence) == len(found.pairs) and same == {
        frozenset((pair.a, pair.b)) for pair in found.pairs if pair.jaccard == 1
    }
    assert sorted(one[2:] for one in evidence) == sorted((p.hamming, p.jaccard, p.kind) for p in found.pairs)
    assert all(found.labels[place] == number for number, one in enumerate(found.clusters) for place in one.members)
    assert [len(one) for one in found.clusters] == sorted(map(len, mine), reverse=True)


def versions(seed: int) -> list[str]:
    """A text and versions of it, and one that is nobody's."""
    one = article(seed)
    return [one, shuffle(one, 1), spin(one, 0.05, 2), one.replace("\n", "，\n"), article(1000 + seed)]


def stored_clusters(path: Path) -> set[frozenset[int]]:
    with chaffinch.open(path) as corpus:
        members: dict[int, set[int]] = {row["id"]: set() for row in corpus.clusters()}
        for row in corpus.articles():
            if row["cluster_id"] is not None:
                members[row["cluster_id"]].add(int(row["url"].partition("#")[2]))
        assert {row["id"]: row["size"] for row in corpus.clusters()} == {own: len(of) for own, of in members.items()}
    return {frozenset(of) for of in members.values()}


def test_what_is_no_collection_of_texts_is_told() -> None:
    assert chaffinch.near_duplicates([]) == chaffinch.NearDuplicates((), (), ())
    with pytest.raises(TypeError, match="not one text"):
        chaffinch.near_duplicates("一")
    with pytest.raises(TypeError, match=r"texts\[1\] is no text but float"):
        chaffinch.near_duplicates(["一", float("nan")])  # type: ignore[list-item]


def test_a_corpus_is_read_as_rows_as_arrow_and_as_files(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.txt").write_text(f"{BODY}\n{MORE}")
    (tmp_path / "b.txt").write_text(f"{BODY}\n{MORE}。")
    assert run("ingest", "a.txt", "b.txt").returncode == 0
    with chaffinch.open(tmp_path / "corpus.db") as corpus:
        (first, second) = corpus.articles()
        assert first["text"] == f"{BODY}\n{MORE}" and first["cluster_id"] == second["cluster_id"] == 1
        assert [row["size"] for row in corpus.clusters()] == [2]
        found = list(corpus.search('"緊急聯繫人" 征信'))
        assert {row["id"] for row in found} == {1, 2} and "«紧急联系人»" in found[0]["excerpt"]
        assert list(corpus.search("")) == list(corpus.search("没有的词")) == []
        table = corpus.articles().arrow()
        assert table.num_rows == 2 and table.column("id").to_pylist() == [1, 2]
        if find_spec("pandas") is None:
            with pytest.raises(ValueError, match=r"pip install 'chaffinch\[notebook\]'"):
                corpus.articles().pandas()
        else:
            assert list(corpus.articles().pandas()["id"]) == [1, 2] and corpus.search("没有的词").pandas().empty
        assert corpus.search("没有的词").arrow().num_rows == 0
        assert {path.name for path in corpus.export(tmp_path / "out", ["jsonl"])} >= {"articles.jsonl", "README.md"}
        with pytest.raises(ValueError, match="no such format 'xls'"):
            corpus.export(tmp_path / "out", ["xls"])
    db = open_reader(tmp_path / "corpus.db")
    db.conn.close()
    for name in ("none.db", "a.txt"):
        with pytest.raises(chaffinch.CorpusError, match=f"corpus .*{name}: "):
            chaffinch.open(tmp_path / name)
