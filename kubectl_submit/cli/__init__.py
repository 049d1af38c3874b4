"""Parses the command line; `main` is the only place that catches errors."""
