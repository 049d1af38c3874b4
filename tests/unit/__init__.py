"""Unit tests: real git, fake docker and kubectl, no cluster."""
