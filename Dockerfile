# syntax=docker/dockerfile:1
# An image that runs smelt: `docker build -t smelt .`, then `docker run --rm -v "$PWD/artifacts:/pipeline/artifacts" smelt`.
#
#   BASE         any Debian or Ubuntu with Python 3.11 or newer, or one whose packages offer it; a CUDA runtime base for GPUs
#   TORCH_INDEX  another build of the pinned torch; the one for CPUs takes 4 GB less
ARG BASE=python:3.11-slim-bookworm

# What building and running both need: the compiler and Python's headers, because torch.compile and Triton compile
# while smelt runs. Without them the image would be 250 MB smaller and training two to four times slower on CPUs.
FROM ${BASE} AS system
RUN set -eu; \
    packages="g++"; \
    python3 -c 'import sys, sysconfig, pathlib, ensurepip; assert sys.version_info >= (3, 11); \
                assert pathlib.Path(sysconfig.get_paths()["include"], "Python.h").exists()' 2>/dev/null \
        || packages="$packages python3 python3-venv python3-dev"; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages; \
    rm -rf /var/lib/apt/lists/*

FROM system AS builder
ARG TORCH_INDEX=
WORKDIR /source
# First what smelt needs, then smelt: a change of the sources repeats only the last step.
COPY pyproject.toml constraints.txt README.md ./
COPY .ci/install .ci/install
ENV VENV=/opt/smelt EXTRAS= PIP_NO_CACHE_DIR=1 PIP_CONSTRAINT=constraints.txt
RUN sh .ci/install
COPY flows flows
COPY tasks tasks
COPY model model
RUN /opt/smelt/bin/python -m pip install --quiet --no-deps --force-reinstall . \
    && /opt/smelt/bin/python -m pip uninstall --quiet --yes pip
# Kernels for any machine of the architecture's baseline (x86-64-v3, Neoverse N1), so that no start compiles them.
RUN cd / && SMELT_KERNELS=/opt/smelt/kernels /opt/smelt/bin/python -m tasks.kernels

FROM system
RUN useradd --create-home --uid 1000 smelt \
    && install -d -o smelt -g smelt -m 1777 /pipeline /pipeline/artifacts /home/smelt
COPY --from=builder /opt/smelt /opt/smelt
COPY pipeline.yaml /pipeline/pipeline.yaml
# Open to any user, so that `--user "$(id -u):$(id -g)"` can write a mounted store; the caches go where it may write.
ENV PATH=/opt/smelt/bin:$PATH HOME=/home/smelt PYTHONUNBUFFERED=1 \
    SMELT_KERNELS=/opt/smelt/kernels NUMBA_CACHE_DIR=/home/smelt/numba TORCHINDUCTOR_CACHE_DIR=/home/smelt/torchinductor
USER smelt
WORKDIR /pipeline
VOLUME /pipeline/artifacts
ENTRYPOINT ["smelt"]
CMD ["run"]
