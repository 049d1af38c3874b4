"""The Dockerfiles that `init` offers: one for each way to install the dependencies of Python."""
