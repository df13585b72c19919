# studies/integers_on_clips.py
"""The trained spiking network of a cell as the chip's integers, and validation clips as the chip takes them.

Validation clips only, spread evenly: no look is opened.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from classical_baselines.harness.contracts import Trained
from classical_baselines.harness.seeds import generator_for
from neuro.encoders.learnt import coded
from neuro.loihi.backends import chip_input
from neuro.loihi.contracts import LoihiNetwork
from neuro.loihi.quantise import quantised
from studies.cell import StudyCell
from studies.explaining import explainable
from studies.specification import Study
from studies.spread_clips import spread_clips


def integers_on_clips(
    study: Study, cell: StudyCell, weights: Mapping[str, Tensor], data_root: Path | None, n_clips: int, purpose: str
) -> tuple[LoihiNetwork, Tensor]:
    """The network, and inputs [step, clip, channel]; `purpose` names the generator of a code that draws."""
    one = explainable(study, cell, weights, data_root)
    trained = coded(Trained(one.subject.encoder, one.subject.classifier, one.intensity))
    network = quantised(trained.classifier)
    part = one.intensity[spread_clips(len(one.intensity), n_clips)]
    with torch.no_grad():
        encoded = trained.encoder(part, generator_for(cell.seed, f"{purpose}/encoding"))
    return network, chip_input(network, encoded)
