"""docs/schema.md names what is in the corpus."""

import re
from pathlib import Path

from sqlite_utils import Database

from chaffinch.corpus.schema import migrations

DOCUMENT = Path(__file__).parent.parent / "docs" / "schema.md"


def test_every_table_and_column_is_described() -> None:
    db = Database(memory=True)
    migrations.apply(db)
    named = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`[^`]+`|^## .*", DOCUMENT.read_text(), re.MULTILINE))))
    ours = [table for table in db.tables if not table.name.startswith(("_", "articles_fts_"))]
    assert len(ours) > 12
    assert {name for table in ours for name in (table.name, *table.columns_dict)} - named == set()
