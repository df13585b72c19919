# studies/chip_export.py
"""The integers of a trained spiking network of a study, as a file that was read back and gave the same spikes.

    cell -> weights of the store -> integers -> file -> read back -> validation clips: every spike, every potential

Validation clips only: no look is opened.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from classical_baselines.harness.choices import InputError
from neuro.interchange.nir_import import read_nir, write_nir
from neuro.interchange.plain_integers import plain_bytes, read_plain, same_network
from neuro.loihi.contracts import LoihiNetwork
from neuro.loihi.emulator import emulate
from studies.cell import StudyCell
from studies.integers_on_clips import integers_on_clips
from studies.specification import Study

ZIP_MARK = b"PK"  # an .npz file is a zip archive


def _write_plain(network: LoihiNetwork, path: Path) -> None:
    path.write_bytes(plain_bytes(network))


def _read_plain(path: Path) -> LoihiNetwork:
    content = path.read_bytes()
    if not content.startswith(ZIP_MARK):
        beginning = content[:12].decode("ascii", errors="replace")
        what = f"begins with {beginning!r}, as no archive does" if content else "is empty"
        raise InputError(f"it is no .npz file, as it {what}. Name a file that `trichord export-chip` wrote.")
    return read_plain(content)


@dataclass(frozen=True)
class Form:
    """How a network is written and read."""

    title: str
    write: Callable[[LoihiNetwork, Path], None]
    read: Callable[[Path], LoihiNetwork]


FORMS: Mapping[str, Form] = {
    ".npz": Form("plain integers", _write_plain, _read_plain),
    ".nir": Form("NIR", write_nir, read_nir),
}


class NotEqualError(Exception):
    """A file that does not give what was written."""


@dataclass(frozen=True)
class ChipExport:
    """What was written and held against it."""

    network: LoihiNetwork
    n_clips: int
    n_spikes: int  # of all layers, each the same from the file


def exported_cell(
    study: Study, cell: StudyCell, weights: Mapping[str, Tensor], data_root: Path | None, path: Path, n_clips: int
) -> ChipExport:
    """Write the cell's network to `path`; NotEqualError where what is read back differs in a number or a spike."""
    network, inputs = integers_on_clips(study, cell, weights, data_root, n_clips, "export-chip")
    return ChipExport(network, inputs.shape[1], written_and_held(network, inputs, path))


def written_and_held(network: LoihiNetwork, inputs: Tensor, path: Path) -> int:
    """Write the network, read it back, run both; how many spikes were the same."""
    form = FORMS[path.suffix]
    form.write(network, path)
    again = form.read(path)
    if not same_network(network, again):
        raise NotEqualError(f"{path.name} is read back as another network.")
    before, after = (emulate(one, inputs) for one in (network, again))
    for number, (one, other) in enumerate(zip(before.spikes, after.spikes, strict=True), start=1):
        if not np.array_equal(one, other):
            raise NotEqualError(f"{path.name}: layer {number} spikes otherwise than before it was written.")
    if not np.array_equal(before.readout_potentials, after.readout_potentials):
        raise NotEqualError(f"{path.name}: the readout's potentials are others than before it was written.")
    return sum(int(np.count_nonzero(spikes)) for spikes in before.spikes)
