"""Follows one run to its end: output, progress, why it waits, outcome."""
