"""What two URLs of one text say of it by themselves."""

from __future__ import annotations

import pytest

from chaffinch.frontier.sameness.url_pairs import path_names_page, short_token_apart

A = "http://a.example"


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("/3f9a1c2b/view/101.html", "/77aa00cd/view/101.html", True),
        ("/a_101_3f9a1c2b.html", "/a_101_77aa00cd.html", True),
        ("/show.php?id=101&s=0QCLhVF2", "/show.php?id=101&s=0sGZjmw4", True),
        ("/v/101.html?sess=748193022", "/v/101.html?sess=748193023", True),
        ("/rd/x7k2m9p1q3.html", "/rd/b7c2d9e1f3.html", False),  # the article's own name
        ("/2024/x7k2m9p1q3.html", "/2024/b7c2d9e1f3.html", False),
        ("/3f9a1c2b/view/101.html", "/77aa00cd/view/102.html", False),
        ("/20240101/101.html", "/20240305/101.html", False),
        ("/xinwen/101.html", "/yuqi/101.html", False),
        ("/v/5780252.html?n=1", "/v/5780253.html?n=1", False),
    ],
)
def test_a_word_that_may_name_a_session(one: str, other: str, apart: bool) -> None:
    assert short_token_apart(A + one, A + other) is apart is short_token_apart(A + other, A + one)


def test_a_path_with_a_number_names_its_page() -> None:
    named = ["/p/700100?fid=7", "/a/3.html", "/show.php?id=3", "/2024/?p=3", "/news/2024.html"]
    assert [path_names_page(A + path) for path in named] == [True, True, False, False, False]
