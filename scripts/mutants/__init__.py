"""Breaks the log engine on purpose, one small edit at a time, and expects the unit tests to see it.

`python -m scripts.mutants [WORD]` runs the mutants whose description has the word; default: all.
"""
