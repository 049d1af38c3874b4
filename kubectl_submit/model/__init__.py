"""The values that flow from one stage to the next: frozen, and without I/O."""
