"""Writes paired activations of a PyTorch model for `cargo xtask couple`.

Two forward hooks catch what two modules give back while batches run through the model. What they
catch is written either as one .safetensors file, or as two .npy files for activations larger than
memory. Feature maps keep their shape (samples, channels, height, width): each pixel becomes a sample
of the coupling, so the maps of both modules must have the same height and width. Vectors have the
shape (samples, units).

In your own program: `import export_activations`, or copy the two functions. Needs torch, numpy and
safetensors.

    pairs = {"skip1": (model.down1, model.up1)}
    save_safetensors("activations.safetensors", model, pairs, batches)
    save_npy("encoder.npy", "decoder.npy", model, pairs["skip1"], batches)

Run as a script, it exports a toy network:

    python docs/snippets/export_activations.py xtask/src/activations/fixtures

The files that it writes there, from seed 7:

    toy.safetensors     encoder.skip1 (6, 4, 5, 3) float32    decoder.skip1 (6, 3, 5, 3) float32
                        encoder.code (6, 2) bfloat16          decoder.code (6, 3) float64
    toy.encoder.npy     (6, 4, 5, 3) float16
    toy.decoder.npy     (6, 3, 5, 3) float32
"""

import contextlib
import sys
from pathlib import Path

import numpy
import torch
from safetensors.torch import save_file
from torch import nn


@contextlib.contextmanager
def caught(module):
    """A list that receives each output of `module` while the context is open."""
    outputs = []
    handle = module.register_forward_hook(lambda _, __, output: outputs.append(output.detach().cpu()))
    try:
        yield outputs
    finally:
        handle.remove()


@torch.no_grad()
def save_safetensors(path, model, pairs, batches):
    """All pairs of modules into one file; the activations have to fit into memory."""
    model.eval()
    with contextlib.ExitStack() as hooks:
        outputs = {}
        for name, (encoder, decoder) in pairs.items():
            outputs[f"encoder.{name}"] = hooks.enter_context(caught(encoder))
            outputs[f"decoder.{name}"] = hooks.enter_context(caught(decoder))
        for batch in batches:
            model(batch)
    save_file({name: torch.cat(parts).contiguous() for name, parts in outputs.items()}, path)


@torch.no_grad()
def save_npy(encoder_path, decoder_path, model, pair, batches, samples=None, dtypes=("<f4", "<f4")):
    """One pair of modules into two files, batch by batch.

    `samples` is their number in all; leave it out if `batches` can be gone through twice.
    """
    model.eval()
    samples = samples or sum(len(batch) for batch in batches)
    files, written = None, 0
    with caught(pair[0]) as encoder, caught(pair[1]) as decoder:
        for batch in batches:
            model(batch)
            outputs = [encoder.pop().float().numpy(), decoder.pop().float().numpy()]
            if files is None:
                files = [
                    numpy.lib.format.open_memmap(path, "w+", dtype, (samples, *output.shape[1:]))
                    for path, dtype, output in zip((encoder_path, decoder_path), dtypes, outputs)
                ]
            for file, output in zip(files, outputs):
                file[written : written + len(output)] = output
            written += len(output)
    for file in files:
        file.flush()


class Toy(nn.Module):
    """The least network with a skip connection, and a code of the whole image beside it."""

    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.SiLU())
        self.up = nn.Sequential(nn.Conv2d(4, 3, 3, padding=1), nn.SiLU())
        self.encode = nn.Linear(4, 2, dtype=torch.bfloat16)
        self.decode = nn.Linear(2, 3, dtype=torch.float64)

    def forward(self, image):
        skip = self.down(image)
        code = self.encode(skip.mean((2, 3)).bfloat16())
        return self.up(skip), self.decode(code.double())


def main(folder):
    torch.manual_seed(7)
    model, batches = Toy(), torch.randn(6, 1, 5, 3).split(4)
    pairs = {"skip1": (model.down, model.up), "code": (model.encode, model.decode)}
    save_safetensors(folder / "toy.safetensors", model, pairs, batches)
    arrays = [folder / f"toy.{side}.npy" for side in ("encoder", "decoder")]
    save_npy(*arrays, model, pairs["skip1"], batches, dtypes=("<f2", "<f4"))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
