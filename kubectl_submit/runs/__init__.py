"""Finds, watches and cancels runs in the cluster; shows them as text, table and document."""
