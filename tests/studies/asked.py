# tests/studies/asked.py
"""A request whose results are at hand, in place of a store."""


class Asked:
    def __init__(self, results):
        self._results = results

    def open_study(self):
        return self._results.study

    def results(self):
        return self._results
