"""JAX: all steps inside one jitted `fori_loop`, chains in blocks under `lax.map`."""

from __future__ import annotations

from itertools import product

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec

from samplers.jax_common import (
    CHAINS_FIRST,
    UNITS_FIRST,
    ShardedSampler,
    drift,
    lane_choices,
)
from work import Work

THREEFRY, HARDWARE = "threefry2x32", "unsafe_rbg"


DISTRIBUTIONS = ("jax",)


def _sampler(
    work: Work, route: str, lanes: int, layout: str, implementation: str
) -> ShardedSampler:
    axis = 1 if layout == UNITS_FIRST else 0
    shape = (work.units, lanes) if layout == UNITS_FIRST else (lanes, work.units)
    force = jax.vmap(drift(work, route), in_axes=axis, out_axes=axis)

    def run_block(key: jax.Array, steps: jax.Array) -> jax.Array:
        def step(index: int, x: jax.Array) -> jax.Array:
            noise = jax.random.normal(jax.random.fold_in(key, index), shape, jnp.float32)
            return x + work.time_step * force(x) + work.noise_scale * noise

        return jax.lax.fori_loop(0, steps, step, jnp.zeros(shape, jnp.float32))

    label = f"{route}, blocks of {lanes} chains, {layout}, {implementation}"
    return ShardedSampler(work, label, run_block, lanes, layout, implementation)


def samplers(work: Work, threads: int) -> list[ShardedSampler]:
    """Candidates: route of J, layout, size of the blocks, generator."""
    del threads  # the devices stand for them
    lanes = lane_choices(work, (256, 0))
    found = [
        _sampler(work, route, size, layout, THREEFRY)
        for route, size, layout in product(work.routes, lanes, (UNITS_FIRST, CHAINS_FIRST))
    ]
    return [*found, _sampler(work, work.routes[0], lanes[-1], UNITS_FIRST, HARDWARE)]


class JaxNormals:
    """Draws one array; the key changes from call to call."""

    def __init__(self, count: int, implementation: str) -> None:
        self.label = f"random.normal, {implementation}"
        devices = jax.device_count()
        mesh = jax.make_mesh((devices,), ("device",))

        def part(key: jax.Array) -> jax.Array:
            own = jax.random.fold_in(key, jax.lax.axis_index("device"))
            return jax.random.normal(own, (count // devices,), jnp.float32)

        whole = jax.shard_map(
            part,
            mesh=mesh,
            in_specs=PartitionSpec(),
            out_specs=PartitionSpec("device"),
            check_vma=False,
        )

        def draw(key: jax.Array) -> tuple[jax.Array, jax.Array]:
            key, own = jax.random.split(key)
            return key, whole(own)

        self._draw = jax.jit(draw)
        self._key = jax.random.key(1, impl=implementation)

    def fill(self) -> None:
        """See `NormalSource.fill`."""
        self._key, values = self._draw(self._key)
        values.block_until_ready()


def normals(count: int, threads: int) -> list[JaxNormals]:
    """Candidates for plain normals."""
    del threads
    return [JaxNormals(count, implementation) for implementation in (THREEFRY, HARDWARE)]
