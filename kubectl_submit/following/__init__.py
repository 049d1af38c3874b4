"""One run to its end: its lines, its progress, why it waits, its outcome."""
