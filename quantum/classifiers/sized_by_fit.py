# quantum/classifiers/sized_by_fit.py
"""A classifier with buffers whose size its fit decides, so that loading its weights must make them of that size."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch

from classical_baselines.harness.contracts import Classifier


class SizedByFit(Classifier):
    """Takes up the buffers named as they come."""

    sized_by_fit: ClassVar[tuple[str, ...]]

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *args: Any, **kwargs: Any) -> None:
        for name in self.sized_by_fit:
            if prefix + name in state_dict:
                setattr(self, name, torch.empty_like(state_dict[prefix + name], device=getattr(self, name).device))
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
