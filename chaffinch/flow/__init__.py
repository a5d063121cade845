"""The stages in their order, over one document or over all cores."""
