"""What of a forum is asked for, and what is only said to a thread."""

import pytest

from chaffinch.frontier.traps.threads import is_action, is_later, is_later_page
from chaffinch.frontier.traps.threads import is_thread as shows_posts
from chaffinch.page.elements import elements
from chaffinch.page.parse import parse

BASE = "http://a.example"


def is_thread(html: str) -> bool:
    return shows_posts(html, elements(parse(html)))


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ("/forum.php?action=reply&mod=post&tid=5", True),
        ("/home.php?mod=space&uid=5", True),
        ("/space-uid-5.html", True),
        ("/posting.php?mode=reply&t=5", True),
        ("/a/5.html?replytocom=12", True),
        ("/wp-login.php", True),
        ("/forum.php?mod=viewthread&tid=5", False),
        ("/forum.php?fid=2&mod=forumdisplay", False),
        ("/post.php?id=5", False),
        ("/show.php?action=show&id=5", False),
        ("/space/5.html", False),
        ("/list.php?tid=12", False),
        ("/archiver/?tid-12.html", True),
        ("/archiver/?fid-2.html", False),
        ("/viewtopic.php?p=12", True),
        ("/viewtopic.php?f=2&p=12", True),
        ("/viewtopic.php?f=2&t=12", False),
    ],
)
def test_forms_and_profiles_are_not_asked_for(path: str, action: bool) -> None:
    assert is_action(BASE + path) == action


@pytest.mark.parametrize(
    ("path", "later"),
    [
        ("/thread-12-2-1.html", True),
        ("/thread-12-1-1.html", False),
        ("/thread-12-1-3.html", False),
        ("/forum.php?mod=viewthread&page=3&tid=12", True),
        ("/forum.php?mod=viewthread&tid=12", False),
        ("/viewtopic.php?start=15&t=12", True),
        ("/viewtopic.php?t=12", False),
        ("/forum-2-3.html", False),
        ("/list.php?page=3&tid=12", False),
        ("/news/12_2.html", False),
    ],
)
def test_later_pages_of_threads_are_told_by_their_address(path: str, later: bool) -> None:
    assert is_later_page(BASE + path) == later


def test_posts_make_a_thread_and_comments_do_not() -> None:
    posts = "".join(
        f'<div class="post floor"><em>发表于 2024-3-{n}</em> <b>{n}楼</b> 谢谢分享</div>' for n in (1, 2, 3)
    )
    assert is_thread(f"<html>{posts}</html>")
    assert is_thread("<td class=t_f id=postmessage_5>一楼</td>")
    two = '<div class="post">发表于 2024-3-1 谢谢分享</div>' * 2
    assert is_thread(two.replace("谢谢", "1楼 谢谢")) and not is_thread(two)  # it may be a list of two articles
    assert not is_thread(
        '<div class="post">楼主说得对,沙发是我的,板凳给你,发表于昨天</div>'
    )  # one that tells of a thread
    article = "<div class=post><h1>标题</h1><p>发表于 2024-3-1</p><p>他住在三楼,楼上楼下都来催收。</p></div>"
    comments = "".join(f"<div class=comment><p>{n}条评论,说得对。</p></div>" for n in range(9))
    assert not is_thread(article + comments)
    assert is_later(f"{BASE}/t/12.html?page=2") and not is_later(f"{BASE}/t/12.html")
