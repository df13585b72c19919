"""What may be done to one of two senses; its name in tables."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Degradation:
    """What is done to one sense."""

    sense: str  # "sound" or "image"
    kind: str  # "noise", "occlusion" or "missing"
    value: float = 0.0  # standard deviation; share of frames, or pixels along a side; 0 where a sense is missing

    @property
    def title(self) -> str:
        """As the heading of a column.

        >>> Degradation("image", "occlusion", 4).title, Degradation("sound", "missing").title
        ('image, 4 x 4 pixels hidden', 'sound missing')
        """
        if self.kind == "missing":
            return f"{self.sense} missing"
        if self.kind == "noise":
            return f"{self.sense}, noise {self.value:g}"
        hidden = f"{self.value:g} x {self.value:g} pixels" if self.sense == "image" else f"{100 * self.value:g} %"
        return f"{self.sense}, {hidden} hidden"
