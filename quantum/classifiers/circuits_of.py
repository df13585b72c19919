# quantum/classifiers/circuits_of.py
"""What the options of a classifier build, by the return type of their `build`: which backends of circuits can run it.

StateClassifier   one circuit for a clip
ManyCircuits      many of them
Classifier        none, as the controls
"""

from typing import Any, get_type_hints

from classical_baselines.harness.contracts import Classifier
from quantum.classifiers.many_circuits import ManyCircuits
from quantum.classifiers.state_classifier import StateClassifier


def built_by(options: Any) -> type[Any]:
    """The class of the classifier that options, or their class, build.

    >>> from quantum.classifiers.quanvolution import Quanvolution
    >>> built_by(Quanvolution).__name__, has_circuit(Quanvolution)
    ('Quanvolver', True)
    """
    found = get_type_hints(options.build).get("return", Classifier)
    return found if isinstance(found, type) else Classifier


def has_circuit(options: Any) -> bool:
    """Whether what they build decides by a circuit, or by many."""
    return issubclass(built_by(options), StateClassifier | ManyCircuits)
