# Written by `kubectl submit init`. Change it as you like.
# Another Python, or an image with CUDA: docker.io/pytorch/pytorch, nvcr.io/nvidia/pytorch, ...
ARG BASE=python:3.12-slim
FROM ${BASE}

# A user that is not root, and folders that it may write to.
RUN echo 'user:x:10001:10001::/home/user:/bin/sh' >> /etc/passwd && \
    mkdir -p /home/user /app && chown 10001:10001 /home/user /app
WORKDIR /app
RUN --mount=type=cache,target=/root/.cache/pip pip install uv

# Dependencies come before the code, so that a change of the code does not install them again.
# The environment is outside of /app, where the code is copied to. Python is that of the image.
ENV UV_PROJECT_ENVIRONMENT=/venv UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy PATH=/venv/bin:$PATH
COPY --link pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv uv sync --frozen --no-install-project

# The code. With --link, the builder adds it without unpacking what is above.
# The project itself is not installed: it is imported from here.
COPY --link --chown=10001:10001 . .
ENV PYTHONPATH=/app/src:/app
USER 10001:10001
