"""PyTorch, eager: in-place operations under `inference_mode`, the noise drawn into the result.

With several threads there are two candidates: PyTorch's own threads inside each operation, and
one thread per block of chains (`normal_` is serial, so that this one draws in parallel too).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import torch

from samplers import ThreadTeam, block_sizes, blocks
from work import Array, Work

Apply = Callable[[torch.Tensor, torch.Tensor], None]


DISTRIBUTIONS = ("torch",)


def generator(seed: np.random.SeedSequence) -> torch.Generator:
    """A CPU generator for one block."""
    return torch.Generator().manual_seed(int(seed.generate_state(1, np.uint64)[0] >> 1))


class TorchSampler:
    """Euler-Maruyama on `units x lanes` blocks, J applied along `route`."""

    def __init__(self, work: Work, team: ThreadTeam, intra: int, lanes: int, route: str) -> None:
        self.label = f"{route}, blocks of {lanes} chains{threading(team, intra)}"
        self._work, self._team, self._intra = work, team, intra
        self._lanes, self._route = lanes, route
        self._decay = torch.from_numpy(work.decay)[:, None]
        self._cubic = torch.from_numpy(work.quartic)[:, None] * -work.time_step
        if route == "matrix":
            coupling = torch.from_numpy(work.coupling_matrix()) * work.time_step
            self._matrix = torch.diag(self._decay[:, 0]) + coupling
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
        shape = (self._work.units, chains.stop - chains.start)
        x, y, scratch = torch.zeros(shape), torch.empty(shape), torch.empty(shape)
        random, scale = generator(seed), self._work.noise_scale
        couple = self._coupling()
        for _ in range(steps):
            y.normal_(0.0, scale, generator=random)
            if self._route == "matrix":  # (1 - h k) x is part of the product
                y.addmm_(self._matrix, x)
                if self._work.has_quartic:
                    torch.mul(x, x, out=scratch)
                    scratch.mul_(self._cubic)
                    y.addcmul_(scratch, x)
            elif self._work.has_quartic:
                torch.mul(x, x, out=scratch)
                torch.addcmul(self._decay, scratch, self._cubic, out=scratch)
                y.addcmul_(scratch, x)
            else:
                y.addcmul_(x, self._decay)
            couple(x, y)
            x, y = y, x
        self._final[:, chains] = x

    def _coupling(self) -> Apply:
        """A function that adds h J x to y."""
        if self._route == "matrix":
            return lambda x, y: None
        step = self._work.time_step
        if self._route == "factors":
            factors = torch.from_numpy(self._work.couplings["factors"])
            strengths = torch.from_numpy(self._work.couplings["strengths"])
            scaled, transposed = factors * (step * strengths), factors.T.contiguous()
            return lambda x, y: y.addmm_(scaled, transposed @ x)
        bonds = [
            (offset, torch.from_numpy(bond)[:, None] * step) for offset, bond in self._work.bonds()
        ]

        def add_bonds(x: torch.Tensor, y: torch.Tensor) -> None:
            for offset, bond in bonds:
                y[:-offset].addcmul_(x[offset:], bond)
                y[offset:].addcmul_(x[:-offset], bond)

        return add_bonds


def teams(threads: int) -> list[tuple[ThreadTeam, int]]:
    """Ways of using the threads: (team over blocks, threads inside an operation)."""
    if threads == 1:
        return [(ThreadTeam(1), 1)]
    # The number of threads inside operations is a property of the calling thread.
    over_blocks = ThreadTeam(threads, initializer=lambda: torch.set_num_threads(1))
    return [(over_blocks, 1), (ThreadTeam(1), threads)]


def threading(team: ThreadTeam, intra: int) -> str:
    """The part of a label that says how several threads are used."""
    if team.threads > 1:
        return ", threads over blocks"
    return ", threads inside operations" if intra > 1 else ""


def samplers(work: Work, threads: int) -> list[TorchSampler]:
    """Candidates: route of J, size of the blocks, use of the threads."""
    sizes = block_sizes(work.chains, (256, 1024, 0))
    return [
        TorchSampler(work, team, intra, lanes, route)
        for route, lanes, (team, intra) in product(work.routes, sizes, teams(threads))
        if team.threads <= -(-work.chains // lanes)
    ]


class TorchNormals:
    """Fills one array, in one piece per thread."""

    def __init__(self, count: int, threads: int) -> None:
        self.label = "normal_" if threads == 1 else f"normal_, {threads} pieces"
        torch.set_num_threads(1)  # `normal_` is serial whatever this says
        self._team = teams(threads)[0][0]
        pieces = torch.empty(count).tensor_split(threads)
        seeds = np.random.SeedSequence(1).spawn(threads)
        self._jobs = [(piece, generator(seed)) for piece, seed in zip(pieces, seeds, strict=True)]

    def fill(self) -> None:
        """See `NormalSource.fill`."""
        self._team.each(lambda job: job[0].normal_(generator=job[1]), self._jobs)


def normals(count: int, threads: int) -> list[TorchNormals]:
    """Candidates for plain normals."""
    return [TorchNormals(count, threads)]
