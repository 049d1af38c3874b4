"""What was typed → a command and its options; `main` is the only place where errors are caught."""
