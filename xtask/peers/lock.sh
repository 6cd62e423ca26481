#!/bin/sh
# Writes requirements.txt from requirements.in (needs uv: `pip install uv`).
#
# On Linux x86_64 PyPI offers PyTorch only as its CUDA build. That build runs on the CPU alone,
# but its libraries are linked to a part of the CUDA packages, without which `import torch` fails;
# the rest (--no-emit-package) is never loaded on a CPU and is left out of the lock.
set -eu
cd "$(dirname "$0")"
uv pip compile --quiet --generate-hashes --no-annotate --no-header \
    --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
    --no-emit-package triton \
    --no-emit-package cuda-toolkit \
    --no-emit-package cuda-bindings \
    --no-emit-package cuda-pathfinder \
    --no-emit-package nvidia-cusolver \
    --no-emit-package nvidia-cuda-cccl \
    --no-emit-package nvidia-nvjitlink \
    --no-emit-package nvidia-nvtx \
    --output-file requirements.txt requirements.in
