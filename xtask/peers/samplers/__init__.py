"""The opponents: one module each, imported only in the process that times it.

A module offers

- `DISTRIBUTIONS`: the packages whose versions are reported;
- `LAW` (optional): "exact" where the law has no error of the time step;
- `samplers(work, threads)`: the candidates, ways in which a user of the library may write this
  work; the fastest in a short trial is the one that is timed;
- `normals(count, threads)`: the same for plain float32 standard normals, where it applies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import numpy as np

from work import Array

MODULES = {
    "numpy": "samplers.with_numpy",
    "torch": "samplers.with_torch",
    "torch_compile": "samplers.with_torch_compile",
    "jax": "samplers.with_jax",
    "diffrax": "samplers.with_diffrax",
    "thermox": "samplers.with_thermox",
}
WITH_NORMALS = ("numpy", "torch", "jax")

Item = TypeVar("Item")


class NotApplicable(Exception):
    """The library cannot do this work; the message says why."""


class Sampler(Protocol):
    """One candidate: a complete program for the work, ready to be timed."""

    label: str

    def run(self, steps: int, seed: int) -> None:
        """Takes all chains from x = 0 through `steps` steps; returns when they are done."""

    def state(self) -> Array:
        """The state that the last run left, `chains x units`."""


class NormalSource(Protocol):
    """One way of filling a float32 array with standard normals."""

    label: str

    def fill(self) -> None:
        """Draws the whole array anew; returns when it is done."""


def block_sizes(chains: int, sizes: Iterable[int]) -> list[int]:
    """The distinct numbers of chains per block worth a trial; 0 stands for all chains."""
    return sorted({min(size, chains) if size else chains for size in sizes})


def blocks(chains: int, lanes: int, seed: int) -> list[tuple[slice, np.random.SeedSequence]]:
    """Cuts the chains into blocks of `lanes`, each with an independent seed."""
    starts = range(0, chains, lanes)
    seeds = np.random.SeedSequence(seed).spawn(len(starts))
    return [
        (slice(start, min(start + lanes, chains)), own)
        for start, own in zip(starts, seeds, strict=True)
    ]


class ThreadTeam:
    """Runs a function over items on `threads` threads; one thread means a plain loop."""

    def __init__(self, threads: int, initializer: Callable[[], None] | None = None) -> None:
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads, initializer=initializer) if threads > 1 else None

    def each(self, function: Callable[[Item], None], items: Iterable[Item]) -> None:
        """Calls the function on every item and waits; errors are raised here."""
        for _ in self._pool.map(function, items) if self._pool else map(function, items):
            pass
