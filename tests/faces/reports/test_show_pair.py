"""Why two articles are copies: figures as stored, the way through the cluster, both texts at any width."""

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from sqlite_utils import Database

from chaffinch.copies import anew
from chaffinch.copies.similarity import Likeness
from chaffinch.corpus.connect import open_writer
from chaffinch.faces.reports import show_pair
from chaffinch.text.canonical import canonical
from chaffinch.text.diff import align
from tests.conftest import Run
from tests.copies.test_cluster import corpus, put
from tests.copies.texts import article, spin

ANSI = re.compile(r"\x1b\[[0-9;]*m")
HEAD = "花呗逾期以后，平台会先用短信和电话提醒；一直不还，就会联系紧急联系人，再往后会上报征信，最后可能被起诉。"
A = f"{HEAD}\n请加微信⟨wechat⟩咨询分期办法，或者拨打⟨phone⟩。\n{article(1)}"
B = f"{HEAD.replace('花呗', '借呗')}\n{article(1)}\n本站声明：文章来自网络。"


@pytest.fixture
def db() -> Iterator[Database]:
    with corpus() as opened:
        yield opened


def explained(db: Database, a: str, b: str) -> show_pair.Explained:
    return show_pair.explain(db.conn, show_pair.find(db.conn, a), show_pair.find(db.conn, b))


def shown(found: show_pair.Explained, width: int | None) -> str:
    out = StringIO()
    console = Console(
        file=out, force_terminal=width is not None, width=width or 80, highlight=False, emoji=False, markup=False,
        color_system="standard" if width else None,
    )  # fmt: skip
    show_pair.show(found, console)
    return out.getvalue()


def test_figures_are_those_that_are_stored(db: Database) -> None:
    put(db, [(1, A), (2, B)])
    found = explained(db, "1", "http://site2.example/2")
    *stored, kind, spread = db.execute(
        "SELECT hamming, jaccard, containment, kind, spread FROM similarities"
    ).fetchone()
    assert [found.hamming, *found.likeness[:3]] == [*stored, spread]
    assert found.verified and found.path == (show_pair.Step(2, stored[0], stored[1], stored[2], kind),)


def test_the_path_is_the_shortest_of_one_cluster(db: Database) -> None:
    put(db, [(number, A) for number in range(1, 6)] + [(6, article(9)), (7, A)])
    found = explained(db, "3", "5")  # identical ones are kept with the first of them
    assert found.path is not None and [step.to for step in found.path] == [1, 5]
    assert not found.verified and "each was compared with others" in show_pair.evidence(found)
    assert explained(db, "3", "6").path is None
    assert explained(db, "3", "3").path == ()
    with db.atomic():
        db.execute("UPDATE articles SET cluster_id = NULL WHERE id = 1")
    assert explained(db, "3", "5").path is None


@pytest.mark.parametrize("width", [80, 160])
def test_two_columns_of_equal_width_hold_both_texts(db: Database, width: int) -> None:
    put(db, [(1, A), (2, B)])
    screen = shown(explained(db, "1", "2"), width)
    lines = ANSI.sub("", screen).splitlines()
    assert all(cell_len(line) <= width for line in lines)
    body = lines[[line.startswith("path") for line in lines].index(True) + 2 :]
    assert all(cell_len(line) == width for line in body[:-1])
    assert "".join("".join(body).split()).count("征信") == 2
    assert "\x1b[1;31m花" in screen and "\x1b[1;32m借" in screen
    assert "⟨wechat⟩" in "".join(part for line in body for part in line.split())


def test_piped_it_is_plain_and_says_what_differs(db: Database) -> None:
    put(db, [(1, A), (2, B)])
    text = shown(explained(db, "1", "2"), None)
    assert "\x1b" not in text
    lines = text.splitlines()
    assert any(line.startswith("- [-花-]呗逾期以后") for line in lines)
    assert any(line.startswith("+ {+借+}呗逾期以后") for line in lines)
    assert "- 请加微信⟨wechat⟩咨询分期办法,或者拨打⟨phone⟩。" in lines
    assert "+ 本站声明:文章来自网络。" in lines
    assert sum(line.startswith("  ") and line[2:] in canonical(A) for line in lines) == article(1).count("\n") + 1


def test_hostile_signs_are_written_out(db: Database) -> None:
    put(db, [(1, A), (2, B)])
    with db.atomic():
        db.execute("UPDATE articles SET title = ?", ("怎\u202e么\x1b[31m[bold]办\x07",))
    for width in (None, 80):
        text = shown(explained(db, "1", "2"), width)
        assert "怎\\u202e么\\x1b[31m[bold]办\\x07" in text
        assert "\u202e" not in text and "\x1b[31m[bold]" not in text.replace("\\x1b", "")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(max_size=8), st.sampled_from([None, 20, 80]))
def test_any_pair_is_shown(one: str, other: str, width: int | None) -> None:
    side = show_pair.Side(1, "u", one, one, None, "", None)
    rows = tuple(align(one.split("\n"), (one + other).split("\n")))
    found = show_pair.Explained(side, side, None, Likeness(0.0, 0.0, 0.0), False, None, rows, ((),) * len(rows), 0)
    text = ANSI.sub("", shown(found, width))
    assert all(char.isprintable() or char == "\n" for char in text)


@pytest.mark.parametrize("name", ["99", "http://nowhere.example/", "", "9" * 400, "' OR 1=1"])
def test_unknown_names_are_told(db: Database, name: str) -> None:
    with pytest.raises(ValueError, match="no article"):
        show_pair.find(db.conn, name)


def test_the_command(tmp_path: Path, run: Run) -> None:
    with open_writer(tmp_path / "corpus.db") as db:
        with db.atomic():
            db.execute("INSERT INTO pages (id, url, site, state, first_seen) VALUES (1, 'p', 's', 'article', 't')")
        put(db, [(1, A), (2, spin(A, 0.05, 1))])
        anew.compare_missing(db)
    done = run("explain", "1", "http://site2.example:80/2#top")
    assert (done.returncode, done.stderr) == (0, "")
    assert "hamming" in done.stdout and "verified pair" in done.stdout and "cluster 1" in done.stdout
    done = run("explain", "1", "7")
    assert (done.returncode, done.stderr, done.stdout) == (
        1, "chaffinch: 7: no article of the corpus has this id\n", ""
    )  # fmt: skip
    assert run("explain", "1").returncode == 2
