"""The article's title among what a page says: its own title without the site's name, or a heading."""

from __future__ import annotations

import re

from chaffinch.article.facts.head import Head

MIN_TITLE = 4  # characters of what is taken for a title (by hand)
_STRONG_SEPARATOR = re.compile(
    r"\s*[_|\uff5c»]\s*|\s+[-–—·]\s+|\s*--\s*"
    r"|(?<=[\u4e00-\u9fff?!)\uff1f\uff01\uff09])[-–](?=[\u4e00-\u9fff【])"
)
# What software says of itself in the titles of all pages.
_MADE_WITH = re.compile(r"\s{0,9}[-_|–—]\s{0,9}powered by\b.{0,60}$", re.IGNORECASE)
# What may follow the article's title in the page's.
_AFTER_TITLE = re.compile(r"\s{0,9}(?:$|[-_|\uff5c–—·»,\uff0c(\uff08《【]|\s)")
# What names a site, or any page of it, and no article.
_NAME_OF_SITE = re.compile(
    r"(?:网|站|論壇|论坛|社区|博客|百科|门户|平台|频道|公司|集团|中心|事务所|律所|在线|之家|学校|大学|学院|协会|银行|日报|晚报|电视台"
    r"|首页|主页|详情|詳情|正文|内容|文章|新闻|资讯|動態|动态|详细页|内容页)$|^欢迎|^歡迎"
)


def title_of(head: Head) -> tuple[str, str]:
    """The title without the site's name, and its source; ("", "") for none.

    A heading counts where the page's title begins with it or has it as its longest part, unless it is the site's name.
    """
    whole, site = _MADE_WITH.sub("", head.title), head.meta.get("og:site_name", "")
    article = strip_site(whole, site)
    # Some pages have their own title over them, with the site's name, and the article's further down.
    bare = article != whole and any(text == article for tag, text in head.headings if tag != "heading line")
    longest = max(map(len, _STRONG_SEPARATOR.split(whole)))
    sites = {name for name in (*head.site_names, site) if len(name) < longest}
    for tag, text in head.headings:
        if len(text) >= MIN_TITLE and text in whole and text not in sites and not (bare and text == whole):
            starts = whole.startswith(text) and _AFTER_TITLE.match(whole[len(text) :])
            if starts or len(text) >= longest:
                return (strip_site(text, site) if text == whole and tag == "heading line" else text), tag
    if og := head.meta.get("og:title", ""):
        return strip_site(og, site), "meta og:title"
    first = next((text for tag, text in head.headings if tag == "h1" and len(text) >= MIN_TITLE), "")
    if whole and not (first and first not in sites and _names_site(whole, first)):
        return strip_site(whole, site), "title"
    return first, "h1" if first else ""


def _names_site(whole: str, heading: str) -> bool:
    """Whether a page's title says only whose page it is, and nothing that its first heading says."""
    if len(whole) >= len(heading) or _STRONG_SEPARATOR.search(whole) or not _NAME_OF_SITE.search(whole):
        return False
    return all(whole[i : i + 2] not in heading for i in range(len(whole) - 1))


def strip_site(title: str, site: str = "") -> str:
    """A title up to its first separator, unless what stands there is too short to be one."""
    if site and title.endswith(site) and len(title) > len(site) + 4:
        title = title[: -len(site)]
    title = title.strip(" -_|–—·")  # the site's own name was to stand there, or was cut off
    segments = [segment for segment in _STRONG_SEPARATOR.split(title) if segment]
    if not segments:
        return title
    return segments[0] if len(segments[0]) >= 6 else max(segments, key=len)
