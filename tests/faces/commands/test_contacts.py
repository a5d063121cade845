"""No contact is in any byte of what an ingest writes or says, in whatever form it stood on the page."""

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from chaffinch.corpus.connect import open_writer
from tests.conftest import Run

BODY = [
    "信用卡还不上的时候，很多人先想到的是躲，其实最该做的是马上联系发卡行，把困难讲清楚。",
    "打开账单，把本金、利息、违约金分开来看，算出每个月最多能还多少，再去谈分期，不要随口答应。",
]
# A line with a contact, and what of it must be nowhere.
LINES = [
    ("站长电话：13911112222", "13911112222"),
    ("手机 139-3333-4444(微信同号)", "139-3333-4444"),
    ("致电１３９５５５５６６６６", "１３９５５５５６６６６"),
    ("+86 139 7777 8888", "139 7777 8888"),
    ("联系幺三九幺二三四九八七六", "幺三九幺二三四九八七六"),
    ("王律师：13812121212，随时可打", "13812121212"),
    ("座机：021-62349876", "62349876"),
    ("联系QQ:2345678901", "2345678901"),
    ("站长扣扣 345 678 9012", "345 678 9012"),
    ("加Q群：45678912", "45678912"),
    ("微信号：law_help_77", "law_help_77"),
    ("加V：13513513513", "13513513513"),
    ("(ID:fazhi99)公众号", "fazhi99"),
    ("侵权删除邮箱：some.one@example.com", "some.one"),
    ("邮箱someone2[at]example.com", "someone2"),
    ("投稿 someone3#example.com（#换成@）", "someone3"),
    ("删帖：567 891 23@qq.com", "567 891 23"),
    ("someone4＠example．com", "someone4"),
    ("粤ICP备87654321号-3", "87654321"),
    ("粵公网安备44010602009876号", "44010602009876"),
]


def html(line: str) -> str:
    head = f"<title>怎么办</title><meta name=author content='{line}'>"
    body = "".join(f"<p>{text}</p>" for text in (*BODY, f"{BODY[1]}{BODY[0]}{line}", BODY[0], line))
    return f"<html><head>{head}</head><body><h1>怎么办</h1><article>{body}</article></body></html>"


def test_no_contact_is_in_any_byte_of_the_corpus_or_of_what_is_said(tmp_path: Path, run: Run) -> None:
    documents = [{"text": f"{BODY[0]}{line}\n{BODY[1]}\n{line}", "title": line} for line, _ in LINES]
    documents += [{"html": html(line)} for line, _ in LINES[::2]]
    (tmp_path / "pages.jsonl").write_text("\n".join(map(json.dumps, documents)))
    corpus = tmp_path / "corpus.db"
    # A reader that holds the file open keeps the write-ahead log from being folded in.
    with closing(open_writer(corpus).conn) as reader:
        reader.execute("SELECT 1 FROM sqlite_master").fetchone()
        done = run("ingest", "pages.jsonl")
        said = run("clean", "pages.jsonl").stdout + run("clean", "--explain", "pages.jsonl").stdout
        files = [path for path in tmp_path.iterdir() if path.name.startswith("corpus.db")]
        assert {path.name for path in files} >= {"corpus.db", "corpus.db-wal", "corpus.db-shm", "corpus.db.key"}
        stored = b"".join(path.read_bytes() for path in files)
        assert reader.execute("SELECT count(*) FROM articles").fetchone()[0] >= len(documents) - 1
        kinds = dict(reader.execute("SELECT kind, count(*) FROM contacts GROUP BY kind").fetchall())
    assert kinds == {"phone": 7, "qq": 3, "wechat": 3, "email": 5, "icp": 2}
    for line, secret in LINES:
        for form in (secret, "".join(secret.split()), secret.replace("-", "")):
            assert form.encode() not in stored, line
            assert form not in done.stdout + done.stderr + said, line
            assert json.dumps(form)[1:-1] not in done.stdout + done.stderr + said, line
    assert stat.S_IMODE((tmp_path / "corpus.db.key").stat().st_mode) == 0o600


def test_a_new_key_gives_new_digests_and_says_when(tmp_path: Path, run: Run) -> None:
    def digests() -> set[str]:
        with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
            return {digest for (digest,) in db.execute("SELECT digest FROM contacts")}

    missing = run("rekey")
    assert missing.returncode == 1 and "no such file" in missing.stderr
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text("\n".join([*BODY, "站长QQ：2345678901"]))
    assert run("ingest", "a.txt").returncode == 0
    old, key = digests(), (tmp_path / "corpus.db.key").read_bytes()
    assert run("rekey").returncode == 0
    assert (tmp_path / "corpus.db.key").read_bytes() != key
    assert stat.S_IMODE((tmp_path / "corpus.db.key").stat().st_mode) == 0o600
    run("ingest", "b.txt")
    assert len(digests()) == 2 and old < digests()
    with closing(sqlite3.connect(tmp_path / "corpus.db")) as db:
        assert [kind for (kind,) in db.execute("SELECT kind FROM crawls ORDER BY id")] == ["ingest", "rekey", "ingest"]
