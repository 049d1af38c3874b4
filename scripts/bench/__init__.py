"""Measures what design and README promise about speed, beside the bare tools. See __main__.py."""
