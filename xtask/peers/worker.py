"""Times one implementation in a process of its own and prints one JSON object.

`{"result": {...}}` or `{"skipped": reason}`; `peers.py` starts it and collects the answers. The
threads are set before any numerical library is imported, which is why the imports are late.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

LEAST_REPETITIONS, MOST_REPETITIONS = 3, 15
TRIAL_FRACTION = 4  # a candidate's trial takes this part of the steps
TRIAL_ROUNDS = 3
NORMALS = 1 << 18  # one MiB, which stays in the cache as the blocks of the samplers do

Candidate = TypeVar("Candidate", bound=Any)  # a `Sampler` or a `NormalSource`


def limit_threads(implementation: str, threads: int) -> None:
    """Keeps the process to the first `threads` cores it may use, and every library with it."""
    cores = sorted(os.sched_getaffinity(0))[:threads]
    os.sched_setaffinity(0, cores)
    # NumPy's blocks of chains are spread over a pool, and BLAS must not multiply its threads.
    blas = 1 if implementation == "numpy" else threads
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(blas)
    os.environ["PJRT_NPROC"] = os.environ["NPROC"] = str(threads)
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["XLA_FLAGS"] = " ".join(
        (
            f"--xla_force_host_platform_device_count={threads}",
            f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()}",
        )
    )
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"


def versions(module: ModuleType) -> str:
    """Versions of the packages that did the work, "0.7.2, jax 0.10.2"."""
    own, *others = module.DISTRIBUTIONS
    return ", ".join([version(own), *(f"{name} {version(name)}" for name in others)])


def seconds(action: Callable[[], None]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def fastest(
    candidates: list[Candidate], call: Callable[[Candidate], None]
) -> tuple[Candidate, dict[str, float]]:
    """The candidate with the shortest call, and the shortest time of each.

    A first call of each compiles; the timed rounds go through all candidates in turn, so that a
    disturbance of the machine does not fall on one of them alone.
    """
    for candidate in candidates:
        call(candidate)
    rounds = [
        [seconds(partial(call, candidate)) for candidate in candidates] for _ in range(TRIAL_ROUNDS)
    ]
    shortest = [min(times) for times in zip(*rounds, strict=True)]
    best = candidates[shortest.index(min(shortest))]
    labels = (candidate.label for candidate in candidates)
    return best, dict(zip(labels, shortest, strict=True))


def repeat(action: Callable[[int], None], limit: float) -> list[float]:
    """Times of repeated calls: at least three, at most fifteen, until `limit` seconds passed."""
    times: list[float] = []
    while len(times) < LEAST_REPETITIONS or (len(times) < MOST_REPETITIONS and sum(times) < limit):
        times.append(seconds(partial(action, len(times))))
    return times


def summary(times: list[float], count: int) -> dict[str, float]:
    """Nanoseconds per item."""
    scale = 1e9 / count
    return {
        "median": statistics.median(times) * scale,
        "min": min(times) * scale,
        "max": max(times) * scale,
    }


def time_work(module: ModuleType, folder: Path, threads: int, limit: float) -> dict[str, Any]:
    """The entry of `results` for one implementation."""
    import numpy as np

    from work import load

    work = load(folder)
    per_step = work.units * work.chains
    trial = max(1, work.steps // TRIAL_FRACTION)
    sampler, trials = fastest(
        module.samplers(work, threads), lambda candidate: candidate.run(trial, work.seed)
    )
    sampler.run(work.steps, work.seed)
    states = np.array(sampler.state())
    if not np.isfinite(states).all():
        raise ArithmeticError("the state is not finite; a smaller time step may be needed")
    times = repeat(lambda index: sampler.run(work.steps, work.seed + 1 + index), limit)
    return {
        "version": versions(module),
        "notes": sampler.label,
        "law": getattr(module, "LAW", "euler_maruyama"),
        "ns_per_unit_step": summary(times, per_step * work.steps),
        "repetitions": len(times),
        "candidates": {name: t * 1e9 / (per_step * trial) for name, t in trials.items()},
        **work.statistics(states),
    }


def time_normals(module: ModuleType, threads: int, limit: float) -> dict[str, Any]:
    """The entry of `normals` for one implementation."""
    source, trials = fastest(module.normals(NORMALS, threads), lambda candidate: candidate.fill())
    times = repeat(lambda _: source.fill(), limit)
    return {
        "version": versions(module),
        "notes": source.label,
        "ns_per_normal": summary(times, NORMALS),
        "repetitions": len(times),
        "candidates": {name: t * 1e9 / NORMALS for name, t in trials.items()},
    }


def answer(arguments: argparse.Namespace) -> dict[str, Any]:
    """Runs what was asked for; any failure of the implementation becomes a reason to skip."""
    limit_threads(arguments.implementation, arguments.threads)
    try:
        from samplers import MODULES

        module = importlib.import_module(MODULES[arguments.implementation])
    except (ImportError, OSError) as error:
        return {"skipped": f"cannot be imported: {error}"}
    from samplers import NotApplicable

    try:
        if arguments.folder is None:
            result = time_normals(module, arguments.threads, arguments.seconds)
        else:
            result = time_work(module, arguments.folder, arguments.threads, arguments.seconds)
    except NotApplicable as error:
        return {"skipped": str(error)}
    except Exception as error:  # the other implementations shall still be timed
        lines = str(error).strip().splitlines()
        return {"skipped": f"{type(error).__name__}: {lines[0] if lines else 'no message'}"}
    return {"result": {"implementation": arguments.implementation, **result}}


def main() -> None:
    """Command line of the worker."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("implementation")
    parser.add_argument("--folder", type=Path, help="work to time; without it, plain normals")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    arguments = parser.parse_args()
    # Libraries may print; the answer must stay alone on the standard output.
    with os.fdopen(os.dup(1), "w") as output:
        os.dup2(2, 1)
        json.dump(answer(arguments), output)


if __name__ == "__main__":
    sys.exit(main())
