"""What a corpus holds of copies: fingerprints, verified pairs, clusters, and the order of who was first."""
