# quantum/front_ends/qft_spectrogram.py
"""The quantum Fourier transform as a spectrogram: each frame is a state, the measured power of its transform a column.

    frame x, windowed     state |x> / |x|                                            log2(n_fft) qubits
    outcomes              p[k] = |QFT of the state|^2, exactly or from n_shots        the transform has the sign +
    power                 |x|^2 n_fft (p[k] + p[n_fft - k]) / 2 = |FFT(x)[k]|^2       k = 0 ... n_fft / 2
    level                 mel bands and decibels of it, cut and stretched, as in `log-mel`

A real frame has a symmetric spectrum, so both mirror bins of an outcome are counted for it, and no shot is lost. A unit
vector has lost the frame's loudness: |x|^2 is classical and is multiplied in again, or, with `loudness = False`, not:
then every frame is as loud as the next. A frame of zeros has no direction and is never prepared: it is silence. With
exact outcomes and loudness the picture is that of `log-mel`, to rounding.

With shots, the draws are multinomial, from a seed made of `seed` and of the clip's own samples: a clip has one picture,
whatever stands beside it. Each frame is then counted as the processor runs it, n_shots times: preparation of a generic
real state, transform, readout of every qubit, reset and delay; with `transform = "measured"` the transform has no
two-qubit gates, but feed-forward (`quantum.circuits.measured_fourier`), and the same outcomes. Without shots the counts
are those of the simulation. No speed is gained over the FFT: loading a frame costs more gates than it.

Lee, Chepelianskii & Shepelyansky (2003), arXiv quant-ph/0309018, took coarse spectra of speech so.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from math import log2
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import (
    count_hann_window,
    count_mel,
    n_centred_frames,
    n_weights_used,
)
from classical_baselines.front_ends.mel import LogMel
from classical_baselines.front_ends.stft import analysis_window, centred_frames
from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.operations import OperationCounts
from quantum.backends.measured_fourier import measured_cost, n_waits
from quantum.backends.shot_options import MOST_SHOTS
from quantum.circuits.circuit import Circuit, Fourier
from quantum.engine.amplitudes import MAX_QUBITS
from quantum.engine.execution import Engine
from quantum.engine.readout import probabilities
from quantum.machine_time import ShotTimes
from quantum.operations import processor_operations, simulation_operations
from quantum.transpiled import COUPLINGS, circuit_cost

TRANSFORMS = ("unitary", "measured")


def frame_states(frames: Tensor) -> Tensor:
    """[frame, sample] -> unit vectors; refuses a frame that no state can hold."""
    norms = torch.linalg.vector_norm(frames, dim=-1, keepdim=True)
    if not bool(torch.isfinite(norms).all()) or bool((norms == 0).any()):
        raise InputError(
            "A frame that is all zeros, NaN or infinite has no norm, and no state. Leave silent frames out, and mend "
            "the recording."
        )
    return frames / norms


def spectrum_probabilities(states: Tensor) -> Tensor:
    """[frame, outcome] of the Fourier transform of all qubits."""
    n_qubits = int(log2(states.shape[-1]))
    return probabilities(_engine(n_qubits).to(states.device)(states, states.new_zeros(0)))


def folded(outcomes: Tensor) -> Tensor:
    """[frame, outcome] -> [frame, bin]: the mean of each bin and its mirror, which are equal for a real frame."""
    mirrored = outcomes.flip(-1).roll(1, -1)
    return (outcomes + mirrored)[..., : outcomes.shape[-1] // 2 + 1] / 2


@lru_cache(maxsize=16)
def _engine(n_qubits: int) -> Engine:
    return Engine(_transform(n_qubits))


def _transform(n_qubits: int) -> Circuit:
    return Circuit(n_qubits, (Fourier(0, n_qubits),))


@dataclass(frozen=True)
class QftSpectrogram:
    """Options of the picture; calling it turns waveforms into decibels in [-top_db, 0]."""

    n_fft: int = 256  # samples per frame, a power of two: 8 qubits
    hop: int = 128  # samples between frames
    n_mels: int = 32
    low_hz: float = 60.0
    high_hz: float | None = None  # None: half the sample rate
    top_db: float = 50.0  # the floor lies this far below the clip's maximum
    trim_below_db: float | None = None  # silence around an utterance: so far below its loudest frame; None: kept
    stretch_to_frames: int | None = None  # the clip's own frames, stretched to so many; None: at their own tempo
    keep_frames: int | None = None  # the first so many frames, or as many filled with silence; None: the window
    loudness: bool = True  # False: without the norms of the frames
    n_shots: int | None = None  # for each frame; None: exact
    transform: Literal["unitary", "measured"] = "unitary"  # of the processor that is counted
    coupling: str = "heavy-hex"  # of that processor: heavy-hex, linear or all-to-all
    seed: int = 0  # of the draws
    gives: ClassVar[Literal["decibels"]] = "decibels"

    def __post_init__(self) -> None:
        self._shaped()  # checks what it shares with log-mel
        if self.n_qubits > MAX_QUBITS:
            raise InputError(f"A frame of n_fft = {self.n_fft} fills {self.n_qubits} qubits; at most {MAX_QUBITS}.")
        if self.n_shots is not None and not 1 <= self.n_shots <= MOST_SHOTS:
            raise InputError(f"n_shots must lie in 1 to {MOST_SHOTS}, or be left out for exact; got {self.n_shots}.")
        choose({name: name for name in TRANSFORMS}, self.transform, what="transform")
        choose({name: name for name in COUPLINGS}, self.coupling, what="coupling")
        if self.trim_below_db is not None and not self.loudness:
            raise InputError("trim_below_db needs the loudness of the frames, which loudness = false leaves out.")
        if self.seed < 0:
            raise InputError(f"seed must be 0 or more; got {self.seed}.")
        if self.n_shots is None:
            idle = [
                name for name in ("transform", "coupling", "seed") if getattr(self, name) != getattr(type(self), name)
            ]
            if idle:
                raise InputError(
                    f"{', '.join(idle)}: of a processor, but outcomes are exact without n_shots. Give it, or leave "
                    "them out."
                )

    @property
    def n_qubits(self) -> int:
        """Of a frame."""
        return int(log2(self.n_fft))

    def _shaped(self) -> "_Shaped":
        return _Shaped(
            n_fft=self.n_fft,
            hop=self.hop,
            n_mels=self.n_mels,
            low_hz=self.low_hz,
            high_hz=self.high_hz,
            top_db=self.top_db,
            trim_below_db=self.trim_below_db,
            stretch_to_frames=self.stretch_to_frames,
            keep_frames=self.keep_frames,
            spectrogram=self,
        )

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> decibels [batch, mel, frame]."""
        return self._shaped()(waveforms, n_samples, sample_rate_hz)

    def power(self, waveform: Tensor) -> Tensor:
        """[sample] of one clip, float64 -> [frame, bin]: |FFT|^2, without loudness |FFT|^2 / |x|^2."""
        frames = centred_frames(waveform[None], self.n_fft, self.hop)[0]
        frames = frames * analysis_window("hann", self.n_fft, self.n_fft).to(waveform)
        energies = frames.square().sum(1)
        heard = energies > 0
        power = waveform.new_zeros(len(frames), self.n_fft // 2 + 1)
        if bool(heard.any()):
            outcomes = spectrum_probabilities(frame_states(frames[heard]))
            if self.n_shots is not None:
                outcomes = self._drawn(outcomes, self.n_shots, waveform)
            scale = energies[heard, None] if self.loudness else 1.0
            power[heard] = folded(outcomes) * self.n_fft * scale
        return power

    def _drawn(self, outcomes: Tensor, n_shots: int, waveform: Tensor) -> Tensor:
        """Relative frequencies of the shots of each frame; silence behind the clip's end changes no draw."""
        own = np.trim_zeros(waveform.float().cpu().numpy(), "b")
        words = np.frombuffer(hashlib.sha256(own.tobytes()).digest(), dtype=np.uint32)
        draw = np.random.default_rng([self.seed, *words.tolist()])
        exact = outcomes.cpu().numpy()
        drawn = draw.multinomial(n_shots, exact / exact.sum(axis=1, keepdims=True))
        return torch.from_numpy(drawn / n_shots).to(outcomes)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window; a frame of silence is paid as any other."""
        n_frames = n_centred_frames(n_samples, self.hop)
        n_bins = self.n_fft // 2 + 1
        n_nonzero = n_weights_used(self._shaped().filters(sample_rate_hz))
        unit_vector = OperationCounts.of(
            "front_end",
            "unit-vector",
            mac_fp32=self.n_fft * n_frames,
            multiply_fp32=self.n_fft * n_frames,
            transcendental_fp32=2 * n_frames,
            sram_bytes=8 * self.n_fft * n_frames,
        )
        # A bin is the sum of two outcomes (or of two tallies), times the energy of the frame.
        fold = OperationCounts.of(
            "front_end",
            "fold",
            add_fp32=n_bins * n_frames,
            multiply_fp32=n_bins * n_frames,
            sram_bytes=4 * (self.n_fft + n_bins) * n_frames,
        )
        return (
            count_hann_window(self.n_fft, n_frames)
            + unit_vector
            + (self._simulated() if self.n_shots is None else self._run()).scaled(n_frames)
            + fold
            + count_mel(n_nonzero, self.n_mels, n_frames)
            + self._shaped().shaping_operations(n_samples, sample_rate_hz)
        )

    def _simulated(self) -> OperationCounts:
        """Of a frame: the transform of its state by the engine, and |amplitude|^2."""
        of_engine = simulation_operations(_transform(self.n_qubits))
        counts = OperationCounts.from_rows(("front_end", "transform", what, n) for _, _, what, n in of_engine.rows())
        squares = OperationCounts.of(
            "front_end", "power", multiply_fp32=2 * self.n_fft, add_fp32=self.n_fft, sram_bytes=12 * self.n_fft
        )
        return counts + squares

    def _run(self) -> OperationCounts:
        """Of a frame: its shots on the processor, and the tally of their outcomes."""
        circuit = _transform(self.n_qubits)
        if self.transform == "measured":
            cost, times = (
                measured_cost(circuit, self.coupling),
                ShotTimes(n_feed_forward=n_waits([Fourier(0, self.n_qubits)])),
            )
        else:
            cost, times = circuit_cost(circuit, self.coupling), ShotTimes()
        n_shots = self.n_shots or 0
        rows = processor_operations(cost, self.n_qubits, n_shots, times=times).rows()
        counts = OperationCounts.from_rows(("front_end", layer, what, n) for _, layer, what, n in rows)
        return counts + OperationCounts.of("front_end", "measurement", add_int32=n_shots)


@dataclass(frozen=True)
class _Shaped(LogMel):
    """Log-mel whose power is that of the circuits."""

    spectrogram: QftSpectrogram | None = None

    def _power(self, waveforms: Tensor, filters: Tensor) -> Tensor:
        assert self.spectrogram is not None
        power = [self.spectrogram.power(waveform) @ filters.T for waveform in waveforms.double()]
        return torch.stack(power).transpose(1, 2).float()

    def shaping_operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """The layers level, trim and stretch of log-mel."""
        rows = super().operations(n_samples, sample_rate_hz).rows()
        return OperationCounts.from_rows(row for row in rows if row[1] not in {"window", "fourier", "power", "mel"})
