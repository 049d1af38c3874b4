"""The backend for Jobs."""
