# Written by `kubectl submit init`. Change it as you like.
ARG BASE=condaforge/miniforge3
FROM ${BASE}

# A user that is not root, and folders that it may write to.
RUN echo 'user:x:10001:10001::/home/user:/bin/sh' >> /etc/passwd && \
    mkdir -p /home/user /app && chown 10001:10001 /home/user /app
WORKDIR /app

# Dependencies come before the code, so that a change of the code does not install them again.
COPY --link environment.yml ./
RUN --mount=type=cache,target=/opt/conda/pkgs conda env create --prefix /env --file environment.yml
ENV PATH=/env/bin:$PATH

# The code. With --link, the builder adds it without unpacking what is above.
COPY --link --chown=10001:10001 . .
USER 10001:10001
