"""The rooms of the house stand in the order of the flow, and none imports one that comes after it."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
# The article's own rooms, the comparison of copies and the frontier know nothing of one another.
ROOMS = [
    {"chaffinch.items"},
    {"chaffinch.text"},
    {"chaffinch.page"},
    {"chaffinch.article", "chaffinch.cleaning", "chaffinch.copies", "chaffinch.frontier"},
    {"chaffinch.flow"},
    {"chaffinch.corpus"},
    {"chaffinch.scale"},
    {"chaffinch.spiders"},
    {"chaffinch.pipelines", "chaffinch.faces"},
]
FLOOR = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms}
LINKED = ("spiders", "pipelines")  # at the top of the checkout, chaffinch.spiders and chaffinch.pipelines by name
MOST_ENTRIES = 12  # of a folder of code: what is taken in at one look; by hand


def room_of(module: str) -> str | None:
    """The room that a module stands in; None for what every room may import: `chaffinch` itself and libraries."""
    return next((room for room in FLOOR if module == room or module.startswith(f"{room}.")), None)


def modules() -> Iterator[tuple[str, Path]]:
    for top in ("chaffinch", *LINKED):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield (f"chaffinch.{name}" if top in LINKED else name), path


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """What a file imports, at its top or within a function: the module, and the line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import hides which room it enters"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def test_every_module_has_a_room() -> None:
    homeless = [name for name, _ in modules() if room_of(name) is None]
    assert homeless == ["chaffinch", "chaffinch.__main__"]


def test_a_room_imports_only_rooms_before_it() -> None:
    wrong = []
    for name, path in modules():
        here = room_of(name)
        for imported, line in imports(path):
            assert imported.partition(".")[0] not in (*LINKED, "config"), f"{path}:{line} imports a second copy"
            there = room_of(imported)
            if here is None or there is None or here == there:
                continue
            if FLOOR[there] >= FLOOR[here]:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {imported}")
    assert wrong == []


def test_a_folder_is_taken_in_at_one_look() -> None:
    folders = {path.parent for _, path in modules()}
    for folder in folders:
        entries = [one for one in folder.iterdir() if not one.name.startswith(("_", ".")) and not one.is_symlink()]
        assert len(entries) <= MOST_ENTRIES, f"{folder.relative_to(ROOT)} has {len(entries)} entries"


def test_all_that_is_installed_has_one_name() -> None:
    """The folders at the top of the checkout are packages of `chaffinch`; a wheel has them there."""
    for name in (*LINKED, "config"):
        assert (ROOT / "chaffinch" / name).resolve() == ROOT / name
