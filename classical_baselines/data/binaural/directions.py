"""Azimuths, sectors and the names that carry them.

An azimuth counts degrees counter-clockwise from straight ahead: 90 is left, 180 behind, 270 right (the convention of
SOFA, AES69). The circle is cut into sectors of equal width, the first centred on straight ahead; a sector's label is
its centre in whole degrees with three digits, so that labels in alphabetical order go round the circle.

    lateral angle    asin(sin azimuth), -90 (right) to 90 (left): what the delay between the ears tells, front or back
    clip name        RESPONSES/xSCALE/azDEGREES/turnDEGREES/SOURCE, as ari_nh2/x1.00/az006.35/turn+01.15/a/3_theo_7.wav:
                     SCALE is the size of the head over that of the measured one, az the azimuth from its median plane,
                     and turn what is added for the azimuth as measured (`median_plane`)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError

N_SECTORS = 36  # of 10 degrees: the widest gap between two responses of a full circle is 7.4 degrees, so none is empty
NAME = re.compile(r"([^/]+)/x(\d+\.\d\d)/az(\d{3}\.\d\d)/turn([+-]\d\d\.\d\d)/(.+)")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Placed:
    """Where the source of a clip stands, and for whose ears."""

    responses: str  # the set of impulse responses: a head in a room
    scale: float  # size of the head over that of the measured one
    azimuth_deg: float  # from the median plane of the head
    source: str  # the recording's own name
    turn_deg: float = 0.0  # of the head, counter-clockwise, from where azimuths were measured

    @property
    def name(self) -> str:
        """The name of the clip.

        >>> Placed("ari_nh2", 1.0, 7.5, "a/3_theo_7.wav", -5.2).name
        'ari_nh2/x1.00/az007.50/turn-05.20/a/3_theo_7.wav'
        """
        azimuth = round(self.azimuth_deg, 2) % 360
        return f"{self.responses}/x{self.scale:.2f}/az{azimuth:06.2f}/turn{self.turn_deg:+06.2f}/{self.source}"

    @property
    def measured_azimuth_deg(self) -> float:
        """The azimuth as it was measured, 0 to 360.

        >>> Placed("ari_nh898", 1.0, 5.0, "a.wav", -6.0).measured_azimuth_deg
        359.0
        """
        return (self.azimuth_deg + self.turn_deg) % 360

    @property
    def is_measured(self) -> bool:
        """Whether the head is as it was measured."""
        return self.scale == 1.0


def placed_of(name: str) -> Placed | None:
    """What the name of a binaural clip says; None of any other name.

    >>> placed_of("ari_nh2/x1.10/az357.50/turn+01.15/dog/1.wav")
    Placed(responses='ari_nh2', scale=1.1, azimuth_deg=357.5, source='dog/1.wav', turn_deg=1.15)
    """
    match = NAME.fullmatch(name)
    if match is None:
        return None
    responses, scale, azimuth, turn, source = match.groups()
    return Placed(responses, float(scale), float(azimuth), source, float(turn))


def sector_labels(n_sectors: int = N_SECTORS) -> tuple[str, ...]:
    """The centres of the sectors, counter-clockwise.

    >>> sector_labels(8)
    ('000', '045', '090', '135', '180', '225', '270', '315')
    """
    if not 4 <= n_sectors <= 360 or 360 % n_sectors:
        raise InputError(f"a circle is cut into 4 to 360 sectors of whole degrees; {n_sectors} does not divide 360.")
    return tuple(f"{360 * number // n_sectors:03d}" for number in range(n_sectors))


def is_sectors(label_names: Sequence[str]) -> bool:
    """Whether the labels are the sectors of a circle."""
    n_sectors = len(label_names)
    return 4 <= n_sectors <= 360 and 360 % n_sectors == 0 and tuple(label_names) == sector_labels(n_sectors)


def sector_of(azimuth_deg: Floats | float, n_sectors: int = N_SECTORS) -> NDArray[np.int64]:
    """The sector of an azimuth; on the border between two, the one further counter-clockwise.

    >>> sector_of(np.array([0.0, 4.9, 5.0, 355.0, 354.9, -90.0])).tolist()
    [0, 0, 1, 0, 35, 27]
    """
    width = 360 / n_sectors
    return (np.floor(np.asarray(azimuth_deg, dtype=np.float64) / width + 0.5) % n_sectors).astype(np.int64)


def lateral_deg(azimuth_deg: Floats | float) -> Floats:
    """The lateral angle of an azimuth.

    >>> lateral_deg(np.array([30.0, 150.0, 270.0])).round(9).tolist()
    [30.0, 30.0, -90.0]
    """
    return np.degrees(np.arcsin(np.clip(np.sin(np.radians(azimuth_deg)), -1, 1)))


def between_deg(azimuth_deg: Floats | float, other_deg: Floats | float) -> Floats:
    """The angle between two azimuths, 0 to 180.

    >>> between_deg(np.array([350.0, 10.0, 90.0]), np.array([10.0, 350.0, 270.0])).tolist()
    [20.0, 20.0, 180.0]
    """
    turned = np.mod(np.asarray(azimuth_deg) - np.asarray(other_deg) + 180, 360) - 180
    return np.abs(turned)
