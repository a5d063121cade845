"""From texts to fingerprints, pairs and clusters; from paragraphs to their sources."""
