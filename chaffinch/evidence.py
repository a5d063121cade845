"""Put a page together again from what cleaning kept and what it removed."""

from __future__ import annotations

from rich.text import Text

from chaffinch.items import Article, Cleaned, Removed


def page_lines(cleaned: Cleaned) -> list[tuple[int, str, str | None]]:
    """The page as it was, in order: (position, line, the rule it went by or None); parts cut follow their line."""
    whole = {r.position: r for r in cleaned.removed if r.whole}
    parts: dict[int, list[Removed]] = {}
    for r in cleaned.removed:
        if not r.whole:
            parts.setdefault(r.position, []).append(r)
    kept = iter(cleaned.text.split("\n") if cleaned.text else [])
    out: list[tuple[int, str, str | None]] = []
    position = 0
    while True:
        if position in whole:
            out.append((position, whole[position].text, whole[position].rule))
        else:
            line = next(kept, None)
            if line is None:
                return out
            out.append((position, line, None))
            out.extend((position, r.text, r.rule) for r in parts.get(position, ()))
        position += 1


def published_lines(cleaned: Cleaned) -> list[str]:
    """The lines of the page in order, kept and removed, as `template.learn` wants them; parts cut are left out."""
    whole = {r.position for r in cleaned.removed if r.whole}
    return [text for position, text, rule in page_lines(cleaned) if rule is None or position in whole]


def explain(article: Article, cleaned: Cleaned) -> Text:
    """The page with what went and why, for a terminal: kept lines plain, removed ones struck with their rule."""
    out = Text()
    out.append(f"{cleaned.title or article.url}\n", style="bold")
    for position, line, rule in page_lines(cleaned):
        out.append(f"{position:4d}  ", style="dim")
        if rule is None:
            out.append(f"{line}\n")
        else:
            out.append(line, style="red strike")
            out.append(f"  {rule}\n", style="yellow")
    repairs = ", ".join(f"{kind} {n}" for kind, n in cleaned.repairs.items())
    out.append(f"repairs: {repairs or 'none'}; contacts: {len(cleaned.contacts)}\n", style="dim")
    return out
