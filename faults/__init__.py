"""Faults on purpose: real servers are killed and frozen, and a checker of its own judges."""
