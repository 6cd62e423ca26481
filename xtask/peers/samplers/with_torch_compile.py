"""PyTorch with `torch.compile`: one step fused by the compiler, the noise drawn by `normal_`.

Noise drawn inside the compiled step would come from the compiler's own scalar generator, which
on a CPU takes several times as long as the whole step.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import product

import numpy as np
import torch

from samplers import NotApplicable, ThreadTeam, block_sizes, blocks
from samplers.with_torch import DISTRIBUTIONS, generator, teams, threading
from work import Array, Work

Step = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

__all__ = ["DISTRIBUTIONS", "samplers"]


class CompiledSampler:
    """Euler-Maruyama with a compiled step on `units x lanes` blocks."""

    def __init__(self, work: Work, team: ThreadTeam, intra: int, lanes: int, route: str) -> None:
        self.label = f"{route}, blocks of {lanes} chains{threading(team, intra)}"
        self._work, self._team, self._intra, self._lanes = work, team, intra, lanes
        self._step = torch.compile(_step(work, route), dynamic=False)
        self._final = torch.empty(work.units, work.chains)

    def run(self, steps: int, seed: int) -> None:
        """See `Sampler.run`."""
        torch.set_num_threads(self._intra)
        jobs = blocks(self._work.chains, self._lanes, seed)
        self._team.each(lambda job: self._run_block(*job, steps), jobs)

    def state(self) -> Array:
        """See `Sampler.state`."""
        return self._final.numpy().T

    @torch.inference_mode()
    def _run_block(self, chains: slice, seed: np.random.SeedSequence, steps: int) -> None:
        x = torch.zeros(self._work.units, chains.stop - chains.start)
        noise, random = torch.empty_like(x), generator(seed)
        for _ in range(steps):
            noise.normal_(0.0, self._work.noise_scale, generator=random)
            x = self._step(x, noise)
        self._final[:, chains] = x


def _step(work: Work, route: str) -> Step:
    """One step as a plain function of the state and the scaled noise."""
    step = work.time_step
    decay = torch.from_numpy(work.decay)[:, None]
    cubic = torch.from_numpy(work.quartic)[:, None] * step
    has_quartic = work.has_quartic

    def local(x: torch.Tensor) -> torch.Tensor:
        return x * (decay - cubic * x * x) if has_quartic else x * decay

    if route == "matrix":
        coupling = torch.from_numpy(work.coupling_matrix()) * step
        matrix = torch.diag(decay[:, 0]) + coupling

        def through_matrix(x: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
            linear = torch.addmm(noise, matrix, x)
            return linear - cubic * x * x * x if has_quartic else linear

        return through_matrix
    if route == "factors":
        factors = torch.from_numpy(work.couplings["factors"])
        scaled = factors * torch.from_numpy(work.couplings["strengths"]) * step
        transposed = factors.T.contiguous()
        return lambda x, noise: torch.addmm(noise, scaled, transposed @ x) + local(x)
    bonds = [(offset, torch.from_numpy(bond)[:, None] * step) for offset, bond in work.bonds()]
    pad = torch.nn.functional.pad

    def through_bonds(x: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        y = local(x) + noise
        for offset, bond in bonds:
            y = y + pad(bond * x[offset:], (0, 0, 0, offset))
            y = y + pad(bond * x[:-offset], (0, 0, offset, 0))
        return y

    return through_bonds


def samplers(work: Work, threads: int) -> list[CompiledSampler]:
    """Candidates: route of J, size of the blocks, use of the threads."""
    if shutil.which("g++") is None and shutil.which("clang++") is None:
        raise NotApplicable("torch.compile needs a C++ compiler (g++ or clang++) on the PATH")
    sizes = [lanes for lanes in block_sizes(work.chains, (512, 0)) if work.chains % lanes == 0]
    return [
        CompiledSampler(work, team, intra, lanes, route)
        for route, lanes, (team, intra) in product(work.routes, sizes, teams(threads))
        if team.threads <= work.chains // lanes
    ]
