# Written by `kubectl submit init`. Change it as you like.
# Another Python, or an image with CUDA: docker.io/pytorch/pytorch, nvcr.io/nvidia/pytorch, ...
ARG BASE=python:3.12-slim
FROM ${BASE}

# A user that is not root, and folders that it may write to.
RUN echo 'user:x:10001:10001::/home/user:/bin/sh' >> /etc/passwd && \
    mkdir -p /home/user /app && chown 10001:10001 /home/user /app
WORKDIR /app

# Dependencies come before the code, so that a change of the code does not install them again.
COPY --link requirements.txt ./
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt

# The code. With --link, the builder adds it without unpacking what is above.
COPY --link --chown=10001:10001 . .
USER 10001:10001
