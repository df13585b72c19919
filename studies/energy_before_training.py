# studies/energy_before_training.py
"""Energies before any training: one clip through every untrained system, and what its arithmetic will cost.

The counts of a dense network do not depend on its weights, and those of a circuit follow from its transpiled gates, so
both are as they will be. A spiking network's depend on how often it fires, which nobody knows before it is trained (an
untrained one says nothing of it), so it is counted over a band of rates, 2 to 20 % of spikes per neuron and step:

    layer 1                spikes of the encoder on this clip: their synapses, and their messages
    layers above           rate * steps * synapses                            synaptic operations
                           rate * steps * neurons of the layer below * cores  spikes routed
    every layer            updates that meet no spike: (1 - rate) ** fan-in of steps * neurons, as spikes arrive
                           independently; the fan-in is the mean over a layer, the rate in layer 1 that of the encoder

A model that is fitted directly has no arithmetic before it is fitted. The headline run of each system is priced, always
on and at the system boundary, where it costs least.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from classical_baselines.front_ends.intensity import fit_intensity_scale
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.contracts import Classifier, Clips, Trained
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.seeds import generator_for, seeded_globally
from neuro.loihi import BACKENDS as LOIHI_BACKENDS
from neuro.loihi.backends import chip_input
from neuro.loihi.operations import STEP_SECONDS, fan_out, n_cores, n_own_synapses, n_synapses
from neuro.loihi.quantise import quantised
from studies import pipeline
from studies.budgets import EnergyRow, energy_rows
from studies.price_list import deployments
from studies.registries import build
from studies.results import values_per_clip
from studies.specification import Study, System
from studies.trained_elsewhere import comes_trained

if TYPE_CHECKING:
    from neuro.loihi.contracts import LoihiNetwork

RATES = (0.02, 0.20)  # spikes per neuron and step


@dataclass(frozen=True, eq=False)
class Before:
    """What a system will cost: one energy, or two at the ends of a band of spike rates; or why it is not known."""

    system: str
    backend: str
    energies: tuple[EnergyRow, ...]  # of one deployment
    reason: str = ""  # why there is none
    network: tuple[EnergyRow, ...] = ()  # the same within the boundary core: what a spike rate changes

    @property
    def low_joules(self) -> float | None:
        """5 % of the draws, at the lowest rate."""
        return min((e.low for e in self.energies if e.low is not None), default=None)

    @property
    def high_joules(self) -> float | None:
        """95 % of the draws, at the highest rate."""
        return max((e.high for e in self.energies if e.high is not None), default=None)


def energies_before_training(study: Study, data_root: Path | None) -> list[Before]:
    """One entry per system, in the order of the study."""
    clip = pipeline.load_study_clips(study, data_root).subset([0])
    draws = CoefficientDraws()
    return [_before(study, system, clip, draws) for system in study.systems]


def counts_at_rate(network: "LoihiNetwork", encoded: Tensor, rate: float) -> OperationCounts:
    """Counts of stage `network` for one clip [step, 1, channel], had every hidden neuron fired at `rate`."""
    n_steps = encoded.shape[0]
    counts = OperationCounts()
    arriving = (encoded != 0).double().sum(dim=(0, 1))  # spikes of the clip on each channel
    below = 0  # neurons of the layer below
    for number, layer in enumerate(network.layers):
        last, graded = number == len(network.layers) - 1, network.graded_input and number == 0
        met = float(arriving @ fan_out(layer)) if number == 0 else rate * n_steps * n_synapses(layer)
        sent = float(arriving.sum()) if number == 0 else rate * n_steps * below
        share = float(arriving.mean()) / n_steps if number == 0 else rate
        updates = n_steps * layer.n_neurons
        still = updates * (1 - share) ** (n_synapses(layer) / layer.n_neurons)
        synapses = {"mac_int8" if graded else "synaptic_operations": met}
        if layer.recurrence is not None:  # what it fires in the last step arrives after the clip
            still *= (1 - rate) ** layer.n_neurons
            own = rate * (n_steps - 1) * n_own_synapses(layer)
            synapses["synaptic_operations"] = synapses.get("synaptic_operations", 0.0) + own
            sent += rate * updates
        counts += OperationCounts.of(
            "network",
            "readout" if last else f"layer-{number + 1}",
            **synapses,
            neuron_updates_active=updates - still,
            neuron_updates_inactive=still,
            spikes_generated=0.0 if last else rate * updates,
            **({"spikes_in": float(arriving.sum())} if number == 0 else {}),
            spikes_routed=sent * n_cores(layer),
        )
        below = layer.n_neurons
    chip = {"chip_steps": n_steps, "chip_seconds": n_steps * STEP_SECONDS, "state_resets": 1}
    return counts + OperationCounts.of("network", "chip", **chip)


def _before(study: Study, system: System, clip: Clips, draws: CoefficientDraws) -> Before:
    run = system.headline_run
    named = (system.name, run.backend.name)
    if not run.deployments:
        return Before(*named, (), "its headline run names no deployment")
    front_end = build("front end", study.front_end_of(system))
    intensity = front_end(clip.waveform, clip.n_samples, clip.sample_rate_hz).float()
    counts: OperationCounts = front_end.operations(clip.waveform.shape[-1], clip.sample_rate_hz)
    if front_end.gives == "decibels":
        scale = fit_intensity_scale(intensity, *study.intensity_quantiles)
        intensity = scale(intensity)
        counts += scale.operations(*intensity.shape[1:])
    encoder = build("encoder", system.encoder)
    with seeded_globally(0, "plan"):
        options = build("classifier", system.classifier)
        classifier = options.build(encoder.shape(*intensity.shape[1:]), len(clip.label_names)).eval()
    if type(classifier).fit_directly is not Classifier.fit_directly and not comes_trained(system):
        return Before(*named, (), "it is fitted directly: nothing is known of it before")
    counts += OperationCounts.of("readout", "decision", compare_fp32=len(clip.label_names) - 1)
    if run.backend.name in LOIHI_BACKENDS:
        encoded = encoder(intensity, generator_for(0, "plan"))
        network = quantised(classifier)
        counts += encoder.operations(intensity, encoded)
        inputs = chip_input(network, encoded)
        variants = [counts + counts_at_rate(network, inputs, rate) for rate in RATES]
    else:
        _begun(classifier, system.training.n_epochs, encoder(torch.cat([intensity] * 2), generator_for(0, "plan")))
        with torch.no_grad():
            backend = build("backend", run.backend)
            outcome = backend.run(Trained(encoder, classifier, intensity), intensity, generator_for(0, "plan"))
        variants = [counts + outcome.counts]
    rows = _cheapest(study, variants, run.deployments, clip, draws)
    whole = tuple(e for e in rows if e.boundary == "system")
    return Before(
        *named, whole, network=tuple(e for e in rows if e.boundary == "core" and e.nominal_joules is not None)
    )


def _begun(classifier: Classifier, n_epochs: int, encoded: Tensor) -> None:
    """Let a network that learns with quantisation set its ranges, as the last epoch of training would leave them."""
    classifier.start_epoch(n_epochs - 1, n_epochs)
    with torch.no_grad(), seeded_globally(0, "plan"):
        classifier.train()(encoded)
    classifier.eval()


def _cheapest(
    study: Study, variants: list[OperationCounts], names: tuple[str, ...], clip: Clips, draws: CoefficientDraws
) -> tuple[EnergyRow, ...]:
    """All variants within core and system, where the first costs least; a full price goes before a bound."""
    seconds = clip.waveform.shape[-1] / clip.sample_rate_hz
    found = [
        energy_rows(
            counts,
            names,
            seconds,
            link_values=values_per_clip(counts),
            boundaries=["core", "system"],
            scenarios=["always-on"],
            draws=draws,
            known=deployments(study.device_files),
        )
        for counts in variants
    ]
    whole = [e for e in found[0] if e.boundary == "system" and not e.alternative_to]
    priced = [e for e in whole if e.nominal_joules is not None]
    if not priced:
        return ()
    best = min(priced, key=lambda e: (e.kind == "lower-bound", e.nominal_joules or 0.0))
    return tuple(e for rows in found for e in rows if e.deployment == best.deployment)
