"""Reads the repository, and pushes temporary commits; the only user of GitPython."""
