"""NumPy: preallocated buffers, `out=` everywhere, blocks of chains that stay in the cache.

A block runs through all its steps before the next one starts. Several threads take blocks from
a pool (NumPy releases the interpreter lock), each block with its own generator, and BLAS keeps
to the thread that calls it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np

from samplers import ThreadTeam, block_sizes, blocks
from work import Array, Work

FLOAT = np.float32
Apply = Callable[[Array, Array], None]


DISTRIBUTIONS = ("numpy",)


class Ziggurat:
    """`Generator.standard_normal`, with the fastest of NumPy's bit generators."""

    label = "standard_normal"

    def __init__(
        self, seed: np.random.SeedSequence, shape: tuple[int, ...], deviation: float
    ) -> None:
        self._generator = np.random.Generator(np.random.SFC64(seed))
        self._deviation = FLOAT(deviation)
        self._normals = np.empty(shape, FLOAT)

    def draw(self) -> Array:
        """Normals of the asked deviation, in a buffer that the next call overwrites."""
        self._generator.standard_normal(dtype=FLOAT, out=self._normals)
        if self._deviation != 1:
            np.multiply(self._normals, self._deviation, out=self._normals)
        return self._normals


class BoxMuller:
    """The Box-Muller transform in array operations, which NumPy vectorises.

    `standard_normal` works value by value and takes longer than the rest of the step.
    """

    label = "Box-Muller"

    def __init__(
        self, seed: np.random.SeedSequence, shape: tuple[int, ...], deviation: float
    ) -> None:
        self._generator = np.random.Generator(np.random.SFC64(seed))
        self._variance = FLOAT(deviation**2)
        size = math.prod(shape)
        self._half = (size + 1) // 2
        self._uniforms = np.empty(2 * self._half, FLOAT)
        self._normals = self._uniforms[:size].reshape(shape)  # replace the uniforms in place
        self._radius = np.empty(self._half, FLOAT)

    def draw(self) -> Array:
        """Normals of the asked deviation, in a buffer that the next call overwrites."""
        self._generator.random(dtype=FLOAT, out=self._uniforms)
        cosine, angle = self._uniforms[: self._half], self._uniforms[self._half :]
        radius = np.subtract(1, cosine, out=self._radius)  # in (0, 1], so that log is finite
        np.log(radius, out=radius)
        np.multiply(radius, -2 * self._variance, out=radius)
        np.sqrt(radius, out=radius)
        np.multiply(angle, FLOAT(2 * np.pi), out=angle)
        np.cos(angle, out=cosine)
        np.sin(angle, out=angle)
        np.multiply(cosine, radius, out=cosine)
        np.multiply(angle, radius, out=angle)
        return self._normals


class NumpySampler:
    """Euler-Maruyama on `units x lanes` blocks, J applied along `route`."""

    def __init__(self, work: Work, team: ThreadTeam, lanes: int, route: str, noise: type) -> None:
        self.label = f"{route}, blocks of {lanes} chains, {noise.label}"
        self._work, self._team, self._lanes = work, team, lanes
        self._route, self._noise = route, noise
        self._decay = work.decay[:, None]
        self._cubic = (FLOAT(-work.time_step) * work.quartic)[:, None]
        if route == "matrix":
            self._matrix = np.diag(work.decay) + FLOAT(work.time_step) * work.coupling_matrix()
        self._final = np.empty((work.units, work.chains), FLOAT)

    def run(self, steps: int, seed: int) -> None:
        """See `Sampler.run`."""
        jobs = blocks(self._work.chains, self._lanes, seed)
        self._team.each(lambda job: self._run_block(*job, steps), jobs)

    def state(self) -> Array:
        """See `Sampler.state`."""
        return self._final.T

    def _run_block(self, chains: slice, seed: np.random.SeedSequence, steps: int) -> None:
        shape = (self._work.units, chains.stop - chains.start)
        x, y = np.zeros(shape, FLOAT), np.empty(shape, FLOAT)
        scratch = np.empty(shape, FLOAT)
        source = self._noise(seed, shape, self._work.noise_scale)
        couple = self._coupling(shape)
        for _ in range(steps):
            if self._route == "matrix":  # (1 - h k) x is part of the product
                np.matmul(self._matrix, x, out=y)
                if self._work.has_quartic:
                    np.multiply(x, x, out=scratch)
                    np.multiply(scratch, self._cubic, out=scratch)
                    np.multiply(scratch, x, out=scratch)
                    np.add(y, scratch, out=y)
            elif self._work.has_quartic:
                np.multiply(x, x, out=scratch)
                np.multiply(scratch, self._cubic, out=scratch)
                np.add(scratch, self._decay, out=scratch)
                np.multiply(scratch, x, out=y)
            else:
                np.multiply(x, self._decay, out=y)
            couple(x, y)
            np.add(y, source.draw(), out=y)
            x, y = y, x
        self._final[:, chains] = x

    def _coupling(self, shape: tuple[int, int]) -> Apply:
        """A function that adds h J x to y, with buffers of its own."""
        if self._route == "matrix":
            return lambda x, y: None
        step = FLOAT(self._work.time_step)
        if self._route == "factors":
            factors, product_ = self._work.couplings["factors"], np.empty(shape, FLOAT)
            scaled = factors * (step * self._work.couplings["strengths"])
            overlap = np.empty((factors.shape[1], shape[1]), FLOAT)
            transposed = np.ascontiguousarray(factors.T)

            def add_factors(x: Array, y: Array) -> None:
                np.matmul(transposed, x, out=overlap)
                np.matmul(scaled, overlap, out=product_)
                np.add(y, product_, out=y)

            return add_factors
        bonds = [(offset, (step * bond)[:, None]) for offset, bond in self._work.bonds()]
        term = np.empty(shape, FLOAT)

        def add_bonds(x: Array, y: Array) -> None:
            for offset, bond in bonds:
                part = term[offset:]
                np.multiply(x[offset:], bond, out=part)
                np.add(y[:-offset], part, out=y[:-offset])
                np.multiply(x[:-offset], bond, out=part)
                np.add(y[offset:], part, out=y[offset:])

        return add_bonds


def samplers(work: Work, threads: int) -> list[NumpySampler]:
    """Candidates: route of J, size of the blocks, source of the normals."""
    team = ThreadTeam(threads)
    sizes = block_sizes(work.chains, (128, 512, 0))
    return [
        NumpySampler(work, team, lanes, route, noise)
        for route, lanes, noise in product(work.routes, sizes, (BoxMuller, Ziggurat))
    ]


class NumpyNormals:
    """Draws `count` standard normals, one part on each thread."""

    def __init__(self, count: int, team: ThreadTeam, noise: type) -> None:
        self.label = noise.label
        self._team = team
        seeds = np.random.SeedSequence(1).spawn(team.threads)
        self._sources = [noise(seed, (count // team.threads,), 1.0) for seed in seeds]

    def fill(self) -> None:
        """See `NormalSource.fill`."""
        self._team.each(lambda source: source.draw(), self._sources)


def normals(count: int, threads: int) -> list[NumpyNormals]:
    """Candidates for plain normals."""
    team = ThreadTeam(threads)
    return [NumpyNormals(count, team, noise) for noise in (BoxMuller, Ziggurat)]
