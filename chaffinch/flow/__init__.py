"""The flow: what becomes of a page between its bytes and the store, stage by stage."""

# The stages in order: ITEM_PIPELINES is made of it, and chaffinch/flow/stages.py runs it for whatever is not crawled.
# Names only, so that the settings import none of what the stages need.
ORDER = (
    "listing",  # sitemaps, feeds and JSON lead on, and end here
    "decode",
    "parse",
    "links",  # before `extract`, so that a page without an article still leads on
    "robots_meta",
    "extract",
    "clean",
    "canonical",
    "topic",  # judges the canonical text
    "fingerprint",
)
