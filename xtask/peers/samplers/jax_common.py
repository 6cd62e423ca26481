"""What the JAX family shares: the drift of one chain, and chains spread over CPU devices.

XLA is asked for as many CPU devices as threads; chains are independent, so that sharding them
is the way to use several threads that needs no synchronisation inside a step.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from samplers import block_sizes
from work import Array, Work

Drift = Callable[[jax.Array], jax.Array]
LocalRun = Callable[[jax.Array, jax.Array], jax.Array]
UNITS_FIRST, CHAINS_FIRST = "units x chains", "chains x units"


def drift(work: Work, route: str) -> Drift:
    """-grad E of one chain's vector, J applied along `route`; `vmap` makes it a batch."""
    stiffness, quartic = jnp.asarray(work.stiffness), jnp.asarray(work.quartic)
    couple = _coupling(work, route)
    if work.has_quartic:
        return lambda x: couple(x) - x * (stiffness + quartic * x * x)
    return lambda x: couple(x) - x * stiffness


def _coupling(work: Work, route: str) -> Drift:
    if route == "matrix":
        matrix = jnp.asarray(work.coupling_matrix())
        return lambda x: matrix @ x
    if route == "factors":
        factors = jnp.asarray(work.couplings["factors"])
        strengths = jnp.asarray(work.couplings["strengths"])
        return lambda x: factors @ (strengths * (factors.T @ x))
    margin = work.columns
    weights = [
        (shift, jnp.asarray(np.pad(bond, ends)))
        for offset, bond in work.bonds()
        for shift, ends in ((offset, (0, offset)), (-offset, (offset, 0)))
    ]

    def through_bonds(x: jax.Array) -> jax.Array:
        # Slices of one padded vector: XLA fuses them, while padded products take four times
        # as long as the whole step.
        padded = jnp.pad(x, margin)
        shifted = (padded[margin + shift : margin + shift + work.units] for shift, _ in weights)
        return sum(bond * part for (_, bond), part in zip(weights, shifted, strict=True))

    return through_bonds


def devices_for(work: Work) -> int:
    """CPU devices to shard the chains over: all, or one if they do not divide the chains."""
    count = jax.device_count()
    return count if work.chains % count == 0 else 1


def lane_choices(work: Work, sizes: tuple[int, ...]) -> list[int]:
    """Chains per block worth a trial: those that divide the chains of one device."""
    local = work.chains // devices_for(work)
    return [lanes for lanes in block_sizes(local, sizes) if local % lanes == 0]


class ShardedSampler:
    """A jitted run of blocks of chains on every device.

    `run_block(key, steps)` returns the final state of `lanes` chains in the given layout.
    `static_steps` compiles anew for each number of steps, where shapes depend on it.
    """

    def __init__(
        self,
        work: Work,
        label: str,
        run_block: LocalRun,
        lanes: int,
        layout: str,
        implementation: str = "threefry2x32",
        static_steps: bool = False,
    ) -> None:
        self.label = label
        self._work, self._layout, self._implementation = work, layout, implementation
        devices = devices_for(work)
        count = work.chains // devices // lanes
        mesh = jax.make_mesh((devices,), ("device",), devices=jax.devices()[:devices])

        def local(key: jax.Array, steps: jax.Array) -> jax.Array:
            key = jax.random.fold_in(key, jax.lax.axis_index("device"))
            if count == 1:
                return run_block(key, steps)[None]
            return jax.lax.map(lambda own: run_block(own, steps), jax.random.split(key, count))

        def whole(key: jax.Array, steps: jax.Array | int) -> jax.Array:
            specs = {"mesh": mesh, "out_specs": PartitionSpec("device"), "check_vma": False}
            if static_steps:
                only_key = lambda own: local(own, steps)  # noqa: E731
                return jax.shard_map(only_key, in_specs=PartitionSpec(), **specs)(key)
            both = (PartitionSpec(), PartitionSpec())
            return jax.shard_map(local, in_specs=both, **specs)(key, steps)

        self._run = jax.jit(whole, static_argnums=(1,) if static_steps else ())
        self._final: jax.Array | None = None

    def run(self, steps: int, seed: int) -> None:
        """See `Sampler.run`."""
        key = jax.random.key(seed, impl=self._implementation)
        self._final = self._run(key, steps).block_until_ready()

    def state(self) -> Array:
        """See `Sampler.state`."""
        final = np.asarray(self._final)
        if self._layout == UNITS_FIRST:
            final = final.swapaxes(1, 2)
        return final.reshape(self._work.chains, self._work.units)
