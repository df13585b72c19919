# studies/study_options.py
"""What commands on a study ask alike: the STUDY, and the options that say which of its cells and where they are.

    @app.command()
    @of_a_study(*RESULTS)
    def scores(request: "Request", ...): ...      trichord scores STUDY ... --store DIR --set KEY=VALUE ...   and so on

The command is given them as one `Request`. Nothing heavy is imported here, as in `cli.py`.
"""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="A study of the catalogue, or a study file.")]
StoreFolder = Annotated[Path | None, typer.Option("--store", help="Folder of the store.  [default: ./stores/STUDY]")]
DataRoot = Annotated[
    Path | None,
    typer.Option("--data-root", envvar="TRICHORD_DATA", help="Folder that holds the data sets."),
]
Only = Annotated[str | None, typer.Option("--only", help="Only some cells: system=ds-cnn,seed=0,fold=george.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="KEY=VALUE in the study, such as data.clip_seconds=0.5.")
]
Seeds = Annotated[str | None, typer.Option("--seeds", help="Only these seeds: 0 or 0,1,2.")]
AcceptCode = Annotated[
    str | None,
    typer.Option("--accept-code", help="Keep older cells made by this code version, or these: a1b2c3,d4e5f6."),
]
OPTIONS: dict[str, Any] = {
    "store": StoreFolder,
    "data_root": DataRoot,
    "only": Only,
    "settings": Settings,
    "seeds": Seeds,
    "accept_code": AcceptCode,
}
RESULTS = ("store", "data_root", "settings", "seeds", "accept_code")  # of what reads a store
CELLS = (*RESULTS, "only")  # of what goes through cells one by one


def of_a_study(*options: str, **own: Any) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Let a command ask for a STUDY and these options of OPTIONS, and give them to it as its first argument.

    `own` names what this command words for itself. A `study` of its own may be left out: then the request is None.
    """

    def given_a_request(command: Callable[..., int]) -> Callable[..., int]:
        _, *asked = inspect.signature(command, eval_str=False).parameters.values()
        study = inspect.Parameter("study", inspect.Parameter.KEYWORD_ONLY, annotation=own.get("study", StudyName))
        shared = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=own.get(name, OPTIONS[name])
            )
            for name in options
        ]

        def called(study: str | None, **given: Any) -> int:
            from studies.commands.request import Request

            wanted = {name: given.pop(name) for name in options}
            return command(None if study is None else Request(study=study, **wanted), **given)

        # Typer reads the options off the signature; --json stays the last of them.
        last = [one for one in asked if one.name == "as_json"]
        first = [one for one in asked if one.name != "as_json"]
        if "study" in own:
            study = study.replace(default=None)
        everything = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (study, *first, *shared, *last)]
        called.__name__, called.__doc__ = command.__name__, command.__doc__
        called.__signature__ = inspect.Signature(everything)  # type: ignore[attr-defined]
        called.__annotations__ = {one.name: one.annotation for one in everything}
        return called

    return given_a_request
