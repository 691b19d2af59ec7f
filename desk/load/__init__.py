"""A database of any size to measure with: copied in, not typed."""
