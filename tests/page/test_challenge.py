"""A page that stands in place of a site is told from an honest one that is short or sets a cookie."""

import pytest

from chaffinch.page.challenge import is_challenge


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b'<html><script>document.cookie="k=1;path=/";location.reload();</script></html>', True),
        (b"<script>var a=1;document['cookie']=a;location.href=location.href</script><noscript>on</noscript>", True),
        (b"<html><body>Just a moment<script src=/cdn-cgi/challenge-platform/x.js></script>", True),
        (b"<script>document.cookie='seen=1';location.href='#'</script><p>" + "协商还款,".encode() * 60, False),
        (b"<script>document.cookie='a=1';location.reload()</script><a href=/1>1</a><a href=/2>2</a>", False),
        (b"<html><script>location.reload()</script></html>", False),
        (b"<script>/*" + b"x" * 40_000 + b"*/document.cookie='a=1';location.reload()</script>", True),  # it is packed
        (b"<script>/*" + b"x" * 100_000 + b"*/document.cookie='a=1';location.reload()</script>", False),
        (
            b"<script>document.cookie='a=1';location.reload()</script>" + b"Checking your browser before you go on" * 3,
            True,
        ),
        (b"<script>document.cookie='a=1';location.reload()</script>" + "协商还款,不要失联。".encode() * 20, False),
    ],
)
def test_a_challenge_is_told_from_a_page(body: bytes, answer: bool) -> None:
    assert is_challenge(body) is answer


def test_a_short_article_is_none_because_its_host_watches_for_robots() -> None:
    """Cloudflare adds its script to all pages of a site; this one has no link and 180 characters."""
    said = "欠款还不上,先写信给银行说明收入和支出。" * 9
    script = '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>'
    assert not is_challenge(f"<html><body><p>{said}</p>{script}</body></html>".encode())
