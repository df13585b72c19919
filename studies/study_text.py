# studies/study_text.py
"""A study written as the TOML file that would give it: complete, with everything that it extended or `--set` put in."""

from studies.specification import Study


def study_toml(study: Study, *, with_defaults: bool = True) -> str:
    """The text of a study file; reading it gives the same study.

    Without defaults it holds no key that the code of an older revision may not know yet.
    """
    import tomli_w

    return tomli_w.dumps(study.model_dump(by_alias=True, exclude_none=True, exclude_defaults=not with_defaults))
