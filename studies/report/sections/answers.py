# studies/report/sections/answers.py
"""The first screen: what the study says, in a sentence each."""

from studies.answers import answers
from studies.report.section import Section, Values
from studies.results import StudyResults


def _values(results: StudyResults) -> Values:
    return {"answers": answers(results)}


SECTION = Section("answers", "", _values)
