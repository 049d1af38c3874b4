# Written by `kubectl submit init`. Change it as you like.
# Another Python, or an image with CUDA: docker.io/pytorch/pytorch, nvcr.io/nvidia/pytorch, ...
ARG BASE=python:3.12-slim
FROM ${BASE}

# A user that is not root, by its number, and a folder that it may write to.
RUN useradd --uid 10001 --create-home user && install --directory --owner=10001 --group=10001 /app
WORKDIR /app

# The code. With --link, the builder adds it without unpacking what is above.
COPY --link --chown=10001:10001 . .
USER 10001:10001
