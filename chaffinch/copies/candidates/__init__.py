"""Which pairs of texts are worth an exact comparison: those that share sketch hashes, or bands of the SimHash."""
