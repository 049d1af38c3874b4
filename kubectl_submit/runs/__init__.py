"""Runs as the cluster has them: found, watched, cancelled, shown as text, table and document."""
