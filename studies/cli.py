# studies/cli.py
"""The command `trichord`: what may be asked, and how it ends. What a command does stands in `studies.commands`.

The file is long because the commands are many: it holds their options and their help, and no work. What they ask of a
study alike stands in `study_options.py`.

Exit codes: 0 done; 1 some cells failed, or a check did; 2 the input is wrong, said in one line; 130 interrupted.
Nothing heavy is imported here, so that `trichord --help` answers at once.
"""

import os
import sys
from importlib import import_module
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from classical_baselines.harness.choices import InputError
from studies.study_options import CELLS, RESULTS, AcceptCode, DataRoot, Seeds, Settings, of_a_study

if TYPE_CHECKING:
    from studies.commands.request import Request

app = typer.Typer(
    name="trichord",
    help="Compare classical, spiking and quantum-Fourier sound classifiers on equal terms.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="Get, check and describe data sets.", no_args_is_help=True)
app.add_typer(data_app, name="data")

OnlySystems = Annotated[str | None, typer.Option("--only", help="Only some: system=ds-cnn,protocol=official-split.")]
StudyOrNone = Annotated[
    str | None,
    typer.Argument(metavar="STUDY", help="A study: each of its systems against itself; none: simulated studies."),
]
Confirm = Annotated[bool, typer.Option("--confirm", help="Open the test clips. Every look is counted.")]
Boundary = Annotated[str, typer.Option("--boundary", help="operation, core, chip or system.")]
Scenario = Annotated[str, typer.Option("--scenario", help="always-on or saturated.")]
GO_ON = ("run", "screen", "recheck", "search", "measure")  # commands that keep what they have done
NUMBERS = {"int": "a whole number", "float": "a number"}  # by what pydantic calls a value that is none
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        code = app(standalone_mode=False)
    except InputError as error:
        _complain(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        _complain(f"{error.filename or 'the system'}: {error.strerror or error}")
        sys.exit(2)
    except Exception as error:
        usage = getattr(error, "format_message", None)  # what Typer refuses: an unknown option, a missing argument
        if usage is None:
            raise
        if usage().startswith("Usage: "):  # the help itself, for want of a command
            print(usage())
        else:
            _complain(f"{_refusal(error) or usage().rstrip('.')}. `trichord --help` lists what may be asked.")
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)


def _refusal(error: Exception) -> str:
    """What Typer refuses of a value, with the value and what is allowed; "" where it refuses something else."""
    problems = getattr(error.__cause__, "errors", None)
    hint = getattr(getattr(error, "param", None), "get_error_hint", None)
    if problems is None or hint is None:
        return ""
    problem = problems()[0]
    kind = next((kind for kind in NUMBERS if problem["type"].startswith(kind)), None)
    wanted = problem["msg"].rstrip(".") if kind is None else f"give {NUMBERS[kind]}"
    return f"{hint().strip(chr(39))} {problem['input']}: {wanted}"


def _complain(message: str) -> None:
    print("trichord: " + " ".join(message.split()), file=sys.stderr)


def _call(command: str, **arguments: Any) -> int:
    """Import the command's file and call its function of the same name."""
    module, _, function = command.partition(":")
    try:
        result = getattr(import_module(f"studies.commands.{module}"), function or module)(**arguments)
        if sys.stdout is not None:  # closed by whoever called
            sys.stdout.flush()
    except KeyboardInterrupt:
        if command in GO_ON:
            print("Interrupted. What was committed stays; the same command goes on from there.", file=sys.stderr)
        else:
            print("Interrupted. What is written is whole; the same command begins anew.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read has seen enough, which is no failure; Typer would make it one
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if command in {"run", "screen", "recheck"}:  # but a run that ends with its reader has not been done
            _complain(
                "whoever read the output has closed it, so the run has ended. What was committed stays; the same "
                "command goes on from there. To watch a part of the output, send it to a file and read that."
            )
            return 1
        return 0
    return int(result or 0)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(version("trichord"))
        raise typer.Exit


@app.callback()
def _everywhere(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Compare classical, spiking and quantum-Fourier sound classifiers on equal terms."""


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the new study, in kebab-case.")],
    from_study: Annotated[str, typer.Option("--from", help="The study of the catalogue to begin with.")] = "quickstart",
    from_folder: Annotated[
        Path | None, typer.Option("--from-folder", help="Your recordings: one folder per class.")
    ] = None,
    group_from: Annotated[
        str | None,
        typer.Option(
            "--group-from",
            help="Regular expression on the path below the class folder; its first group is the speaker.",
        ),
    ] = None,
    group_duplicates: Annotated[
        bool,
        typer.Option("--group-duplicates", help="With --from-folder: clips with a recording in common are a group."),
    ] = False,
) -> int:
    """Write a commented study file.

    It starts from a study of the catalogue, or is laid over your own recordings.
    """
    options = {"from_folder": from_folder, "group_from": group_from, "group_duplicates": group_duplicates}
    return _call("new", name=name, from_study=from_study, **options)


@app.command()
@of_a_study(*CELLS)
def plan(
    request: "Request",
    confirm: Confirm = False,
    energy: Annotated[bool, typer.Option("--energy", help="Price every system before any training.")] = False,
    as_json: AsJson = False,
) -> int:
    """Show a study's cells and which are missing; run nothing."""
    return _call("plan", request=request, confirm=confirm, energy=energy, as_json=as_json)


@app.command()
@of_a_study(*CELLS)
def run(
    request: "Request",
    executor: Annotated[
        str, typer.Option("--executor", help="Where cells run: inline, or ray (the cluster of RAY_ADDRESS, or here).")
    ] = "inline",
    jobs: Annotated[int | None, typer.Option("--jobs", help="Cells side by side.  [default: one per core]")] = None,
    gpus_per_cell: Annotated[
        float | None, typer.Option("--gpus-per-cell", help="With --executor ray: share of a CUDA device, such as 0.25.")
    ] = None,
    confirm: Confirm = False,
    shard: Annotated[
        str | None, typer.Option("--shard", help="I/N: only the I-th of N equal parts, for job arrays; no report.")
    ] = None,
    screen: Annotated[
        bool, typer.Option("--screen", help="A first answer in ten minutes, marked as such; no test clip is opened.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Run what is missing of a study, then write its report.

    Interrupt it and run it again: it goes on.
    """
    return _call(
        "screen" if screen else "run",
        request=request,
        executor=executor,
        jobs=jobs,
        gpus_per_cell=gpus_per_cell,
        confirm=confirm,
        shard=shard,
        as_json=as_json,
    )


@app.command()
@of_a_study(*CELLS)
def status(
    request: "Request",
    as_json: AsJson = False,
) -> int:
    """Show what is committed, what is missing and what failed."""
    return _call("status", request=request, as_json=as_json)


@app.command()
@of_a_study("store")
def verify(request: "Request") -> int:
    """Check every file of a store against what was written."""
    return _call("verify", request=request)


@app.command()
@of_a_study("store", "data_root", "settings", "seeds", "only", only=OnlySystems)
def recheck(
    request: "Request",
    cells: Annotated[
        int | None, typer.Option("--cells", help="At least so many of each system and protocol.  [default: 1]")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", help="Cells side by side.  [default: one per core]")] = None,
    from_revision: Annotated[
        str | None,
        typer.Option("--from-revision", help="Instead: train for a few epochs by the code at this git revision too."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", help="With --from-revision: of each training.  [default: 2]")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Carry cells of older code over, if they are equal.

    A sample is computed anew under the present code and compared with what is stored, bit for bit. With
    --from-revision trainings cut short are compared instead, which both codes make here.
    """
    return _call(
        "recheck",
        request=request,
        cells=cells,
        jobs=jobs,
        from_revision=from_revision,
        epochs=epochs,
        as_json=as_json,
    )


@app.command()
@of_a_study("store", "data_root", "settings")
def gc(
    request: "Request",
    yes: Annotated[bool, typer.Option("--yes", help="Remove it. Looks at test folds stay counted.")] = False,
) -> int:
    """List what a store keeps that serves no study.

    That is leavings of killed runs, old attempts, cells computed again.
    """
    return _call("gc", request=request, yes=yes)


@app.command()
@of_a_study("store")
def index(request: "Request") -> int:
    """Write the store's index anew, from its cells.

    It is derived: it saves time, and nothing rests on it.
    """
    return _call("index", request=request)


@app.command()
@of_a_study(*RESULTS)
def report(
    request: "Request",
    out: Annotated[Path | None, typer.Option("--out", help="Folder.  [default: ./reports/STUDY]")] = None,
) -> int:
    """Write the report of what is committed."""
    return _call("report", request=request, out=out)


@app.command()
@of_a_study(*RESULTS)
def plot(
    request: "Request",
    out: Annotated[Path, typer.Option("--out", help="FILE.svg, .pdf, .png, or .csv for the numbers behind it.")],
    figure: Annotated[
        str, typer.Option("--figure", help="Such as energy-by-device; a wrong name lists all.")
    ] = "accuracy-vs-energy-system",
) -> int:
    """Write one figure of what is committed."""
    return _call("export:plot", request=request, figure=figure, out=out)


@app.command()
@of_a_study(*RESULTS)
def export(
    request: "Request",
    to: Annotated[Path | None, typer.Option("--to", help="Folder for tables and figures.")] = None,
    formats: Annotated[
        str, typer.Option("--format", help="Some of md,csv,parquet,json,latex,svg,pdf.")
    ] = "md,csv,json,latex,svg,pdf",
    archive: Annotated[
        Path | None, typer.Option("--archive", help="Write the whole study as one zip file, for an archive.")
    ] = None,
    mlflow: Annotated[
        str | None, typer.Option("--mlflow", help="Write runs into MLflow: a folder, or a tracking server's address.")
    ] = None,
) -> int:
    """Write what is committed for other tools.

    Tables and figures, a zip file for an archive, runs of MLflow.
    """
    return _call("export", request=request, to=to, formats=formats, archive=archive, mlflow=mlflow)


@app.command()
@of_a_study(*RESULTS)
def publish(
    request: "Request",
    folder: Annotated[Path, typer.Argument(help="Where the published store stands, such as docs/results/STUDY/store.")],
) -> int:
    """Copy the cells without weights, for a paper's supplement.

    Weights and pictures stay behind; every table, comparison and price comes back from the copy.
    """
    return _call("publish", request=request, folder=folder)


@app.command()
@of_a_study(*RESULTS)
def energy(
    request: "Request",
    decides: Annotated[
        tuple[str, str] | None, typer.Option("--decides", metavar="A B", help="Which coefficient decides between two.")
    ] = None,
    per_hour: Annotated[bool, typer.Option("--per-hour", help="Against decisions per hour, with crossings.")] = False,
    training: Annotated[bool, typer.Option("--training", help="Training, spread over the decisions.")] = False,
    training_on: Annotated[
        str | None,
        typer.Option(
            "--training-on", help="The deployment that training is priced on.  [default: xeon-e5-2630-batch-64]"
        ),
    ] = None,
    boundary: Boundary = "system",
    scenario: Scenario = "always-on",
    as_json: AsJson = False,
) -> int:
    """Print energy budgets, or answer a question about them.

    Every run of a study is priced now, from the counts in the store.
    """
    asked = {"decides": decides, "per_hour": per_hour, "training": training, "training_on": training_on}
    place = {"boundary": boundary, "scenario": scenario}
    return _call("energy", request=request, **asked, **place, as_json=as_json)


@app.command()
@of_a_study(*CELLS)
def measure(
    request: "Request",
    systems: Annotated[list[str] | None, typer.Argument(metavar="SYSTEM", help="Systems; none: all.")] = None,
    batch: Annotated[int, typer.Option("--batch", help="Clips per call.")] = 1,
    windows: Annotated[int, typer.Option("--windows", help="Windows per system, each in a cycle of its own.")] = 5,
    device: Annotated[str, typer.Option("--device", help="auto, cpu (RAPL) or cuda (NVML).")] = "auto",
    shared: Annotated[
        bool, typer.Option("--shared", help="Measure though other work runs; the record says so.")
    ] = False,
    powercap: Annotated[
        Path | None, typer.Option("--powercap", help="Folder of RAPL's counters.  [default: /sys/class/powercap]")
    ] = None,
) -> int:
    """Measure joules per decision of trained systems here.

    It takes three quarters of a minute per window.
    """
    options = {"batch": batch, "windows": windows, "device": device, "shared": shared, "powercap": powercap}
    return _call("measure", request=request, systems=systems or [], **options)


@app.command()
@of_a_study(*RESULTS)
def compare(
    request: "Request",
    a: Annotated[str | None, typer.Argument(metavar="A", help="A system; none: every system.")] = None,
    b: Annotated[str | None, typer.Argument(metavar="B", help="What it is compared with; none: the baseline.")] = None,
    controls: Annotated[
        bool, typer.Option("--controls", help="Compare the circuit A, or every circuit, with each of its controls.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Give the difference of two systems, and a verdict.

    Both answer the same clips; the difference comes with its interval.
    """
    return _call("compare", request=request, a=a, b=b, controls=controls, as_json=as_json)


@app.command()
@of_a_study("store", "data_root", "settings", "accept_code")
def scores(
    request: "Request",
    systems: Annotated[list[str] | None, typer.Argument(metavar="SYSTEM", help="Systems; none: all.")] = None,
    positive: Annotated[
        str | None, typer.Option("--positive", help="A class against all others: EER, sensitivity, specificity.")
    ] = None,
    normal: Annotated[
        str | None, typer.Option("--normal", help="With --positive: the class of no finding, for the ICBHI score.")
    ] = None,
    verifier: Annotated[
        Path | None, typer.Option("--verifier", help="With --positive: a speaker verifier's scores, for min t-DCF.")
    ] = None,
    attacks: Annotated[
        Path | None, typer.Option("--attacks", help="With --positive bonafide: ASVspoof's list of trials, for attacks.")
    ] = None,
    without: Annotated[
        str | None, typer.Option("--without", help="A class to leave out: accuracy over the clips of all others.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Print calibration, and each class by itself.

    With --positive, one class against all others, as in detection and diagnosis.
    """
    options = {"positive": positive, "normal": normal, "verifier": verifier, "attacks": attacks, "without": without}
    return _call("scores", request=request, systems=systems or [], as_json=as_json, **options)


@app.command("speaker-trials")
@of_a_study("store", "data_root", "settings", "accept_code")
def speaker_trials(
    request: "Request",
    systems: Annotated[list[str] | None, typer.Argument(metavar="SYSTEM", help="Systems; none: all.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the draw of trials.")] = 0,
    as_json: AsJson = False,
) -> int:
    """Verify speakers that no network heard.

    Equal error rate and detection cost of pairs of clips, by the cosine of stored outputs.
    """
    return _call("speaker_trials", request=request, systems=systems or [], seed=seed, as_json=as_json)


@app.command()
@of_a_study(*RESULTS)
def choose(
    request: "Request",
    systems: Annotated[list[str], typer.Argument(metavar="SYSTEM", help="Systems to choose among.")],
    protocol: Annotated[
        str | None, typer.Option("--protocol", help="A protocol of the study.  [default: the headline protocol]")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Choose one of several systems in every fold.

    By that fold's validation clips; the accuracy of the choice on test clips is nobody's pick of the best row.
    """
    return _call("choose", request=request, systems=systems, protocol=protocol, as_json=as_json)


@app.command("error-rates")
@of_a_study("store", "data_root", "settings", "accept_code", study=StudyOrNone)
def error_rates(
    request: "Request | None",
    n_studies: Annotated[int, typer.Option("--studies", help="Simulated studies of each design.")] = 2000,
    as_json: AsJson = False,
) -> int:
    """Count how often a verdict is wrong.

    In simulated studies, or of one system against itself with other seeds.
    """
    return _call("error_rates", request=request, n_studies=n_studies, as_json=as_json)


@app.command()
def rank(
    studies: Annotated[list[str], typer.Argument(metavar="STUDY", help="Studies on different data sets.")],
    systems: Annotated[str | None, typer.Option("--systems", help="Only these: ds-cnn,dense-snn.")] = None,
    stores: Annotated[
        list[Path] | None, typer.Option("--store", help="Folder of each study's store, in the same order.")
    ] = None,
    data_root: DataRoot = None,
    settings: Settings = None,
    seeds: Seeds = None,
    accept_code: AcceptCode = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the figure.  [default: ./reports/rank]")] = None,
    as_json: AsJson = False,
) -> int:
    """Rank systems of the same name across studies.

    Mean ranks, tests, and the critical-difference diagram.
    """
    shared = {"data_root": data_root, "settings": settings, "seeds": seeds, "accept_code": accept_code}
    requests = _requests(studies, stores, shared)
    names = None if systems is None else [name.strip() for name in systems.split(",")]
    return _call("rank", requests=requests, systems=names, out=out, as_json=as_json)


@app.command()
@of_a_study(*RESULTS)
def decide(
    request: "Request",
    max_energy: Annotated[str | None, typer.Option("--max-energy", help="Per decision, such as 1mJ.")] = None,
    min_accuracy: Annotated[str | None, typer.Option("--min-accuracy", help="A share, such as 0.9.")] = None,
    max_latency: Annotated[str | None, typer.Option("--max-latency", help="From sound to answer: 50ms.")] = None,
    boundary: Boundary = "system",
    scenario: Scenario = "always-on",
    device: Annotated[
        str | None, typer.Option("--device", help="A device or a deployment.  [default: where each costs least]")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Say which systems meet a budget, with what probability.

    And what does not fit, and what would flip the answer.
    """
    asked = {"max_energy": max_energy, "min_accuracy": min_accuracy, "max_latency": max_latency}
    place = {"boundary": boundary, "scenario": scenario, "device": device}
    return _call("decide", request=request, **asked, **place, as_json=as_json)


@app.command()
@of_a_study(*RESULTS)
def curves(
    request: "Request",
    boundary: Annotated[str, typer.Option("--boundary", help="operation, core, chip, system, or all.")] = "system",
    as_json: AsJson = False,
) -> int:
    """Compare families of systems as curves of accuracy against energy.

    The energy ratio at equal accuracy, and the accuracy difference at equal energy.
    """
    return _call("curves", request=request, boundary=boundary, as_json=as_json)


@app.command("break-even")
@of_a_study(*RESULTS)
def break_even(
    request: "Request",
    a: Annotated[str, typer.Argument(metavar="A", help="A system.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The system whose energy it is to meet.")],
    over: Annotated[str, typer.Option("--over", help="spike_rate, bits, shots, or the id of a coefficient.")],
    boundary: Boundary = "system",
    scenario: Scenario = "always-on",
    deployment_a: Annotated[str, typer.Option("--deployment-a", help="Of A.  [default: where it costs least]")] = "",
    deployment_b: Annotated[str, typer.Option("--deployment-b", help="Of B.  [default: where it costs least]")] = "",
    as_json: AsJson = False,
) -> int:
    """Find where two systems use the same energy.

    Over a spike rate, a width in bits, a number of shots or a price.
    """
    asked = {"over": over, "boundary": boundary, "scenario": scenario}
    on = {"deployment_a": deployment_a, "deployment_b": deployment_b}
    return _call("break_even", request=request, a=a, b=b, **asked, **on, as_json=as_json)


@app.command()
@of_a_study(*RESULTS)
def review(
    request: "Request",
    as_json: AsJson = False,
) -> int:
    """Fill in the reviewer's checklist from the store.

    It ends with a methods paragraph.
    """
    return _call("review", request=request, as_json=as_json)


@app.command()
@of_a_study(*RESULTS)
def trace(
    request: "Request",
    number: Annotated[
        list[str],
        typer.Argument(
            metavar="NUMBER",
            help="As it is printed (83.6, 1.82mJ), or an address: SYSTEM accuracy; SYSTEM energy DEPLOYMENT BOUNDARY; "
            "SYSTEM SYSTEM difference. SYSTEM may be SYSTEM@BACKEND/PROTOCOL.",
        ),
    ],
    as_json: AsJson = False,
) -> int:
    """Follow a number of the report to its source.

    Its cells, their counts, the coefficients, and where each of these is from.
    """
    return _call("trace", request=request, number=number, as_json=as_json)


@app.command()
@of_a_study("store", "data_root", "settings", "accept_code")
def explain(
    request: "Request",
    systems: Annotated[str | None, typer.Option("--system", help="Only these: A,B.  [default: contenders]")] = None,
    methods: Annotated[str | None, typer.Option("--method", help="Only these: grad-cam,gradient.")] = None,
    clip: Annotated[str | None, typer.Option("--clip", help="A validation clip.  [default: the first]")] = None,
    fold: Annotated[str | None, typer.Option("--fold", help="A fold.  [default: the first with weights]")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="A seed.  [default: the first with weights]")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="FILE.png, .svg, .pdf or .csv.  [default: reports/STUDY/explanation.png]"),
    ] = None,
    scores: Annotated[bool, typer.Option("--scores", help="Score every map over several clips.")] = False,
    score_clips: Annotated[int, typer.Option("--score-clips", help="With --scores: over so many.")] = 32,
    as_json: AsJson = False,
) -> int:
    """Draw what decisions rest on, over time and frequency.

    Saliency maps of one validation clip for trained systems side by side; no test clip is opened.
    """
    which = {"systems": systems, "methods": methods, "clip": clip, "fold": fold, "seed": seed}
    what = {"out": out, "scores": scores, "score_clips": score_clips}
    return _call("explain", request=request, **which, **what, as_json=as_json)


@app.command()
@of_a_study("store", "data_root", "settings", "accept_code")
def twin(
    request: "Request",
    system: Annotated[str, typer.Option("--system", help="A system that is run on int8 or low-bit.")],
    fold: Annotated[str | None, typer.Option("--fold", help="A fold.  [default: the first with weights]")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="A seed.  [default: the first with weights]")] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="A new folder.  [default: twins/STUDY/SYSTEM]", show_default=False)
    ] = None,
    formats: Annotated[str, typer.Option("--format", help="onnx, c, or both.")] = "onnx,c",
    as_json: AsJson = False,
) -> int:
    """Write the integer network of a trained cell, to deploy.

    An ONNX graph and a C header with test vectors; each is run over the cell's clips, and kept only where every integer
    is the one that was reported.
    """
    which = {"system": system, "fold": fold, "seed": seed, "to": to, "formats": formats}
    return _call("twin", request=request, **which, as_json=as_json)


@app.command("map")
@of_a_study("store", "data_root", "settings", "accept_code")
def map_(
    request: "Request",
    system: Annotated[str, typer.Option("--system", help="A spiking network.")],
    chip: Annotated[str, typer.Option("--chip", help="loihi-1 or loihi-2.")] = "loihi-1",
    n_chips: Annotated[int, typer.Option("--chips", help="Spread over so many.")] = 1,
    n_clips: Annotated[int, typer.Option("--clips", help="Spikes of so many validation clips.")] = 32,
    fold: Annotated[str | None, typer.Option("--fold", help="A fold.  [default: the first with weights]")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="A seed.  [default: the first with weights]")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="FILE.png, .svg, .pdf or .csv.  [default: reports/STUDY/SYSTEM-on-CHIP.svg]"),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Put a trained spiking network on the cores of a chip.

    Limits, messages and hops, time per step and clip, energy by term as a range; cores on the mesh coloured by load.
    """
    which = {"system": system, "fold": fold, "seed": seed, "out": out}
    on = {"chip": chip, "n_chips": n_chips, "n_clips": n_clips}
    return _call("mapping:map_system", request=request, **which, **on, as_json=as_json)


@app.command()
@of_a_study("store", "data_root", "settings", "accept_code")
def neurons(
    request: "Request",
    system: Annotated[str, typer.Option("--system", help="A spiking network.")],
    figure: Annotated[str, typer.Option("--figure", help="membranes or firing-rates.")] = "membranes",
    n_clips: Annotated[int, typer.Option("--clips", help="Rates over so many validation clips.")] = 32,
    fold: Annotated[str | None, typer.Option("--fold", help="A fold.  [default: the first with weights]")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="A seed.  [default: the first with weights]")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="FILE.png, .svg, .pdf or .csv.  [default: reports/STUDY/SYSTEM-FIGURE.svg]"),
    ] = None,
) -> int:
    """Draw what a trained spiking network's neurons do, as the chip's integers.

    Membrane potentials over one clip with thresholds and spikes, or a histogram of firing rates by layer.
    """
    which = {"system": system, "figure": figure, "fold": fold, "seed": seed, "out": out}
    return _call("neurons:neurons", request=request, **which, n_clips=n_clips)


@app.command("export-chip")
@of_a_study("store", "data_root", "settings", "accept_code")
def export_chip(
    request: "Request",
    system: Annotated[str, typer.Option("--system", help="A spiking network.")],
    to: Annotated[Path, typer.Option("--to", help="A new FILE.npz (plain integers) or FILE.nir (NIR).")],
    n_clips: Annotated[int, typer.Option("--clips", help="Spikes of so many validation clips are compared.")] = 32,
    fold: Annotated[str | None, typer.Option("--fold", help="A fold.  [default: the first with weights]")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="A seed.  [default: the first with weights]")] = None,
    as_json: AsJson = False,
) -> int:
    """Write the chip's integers of a trained spiking network.

    The file is read back and run on validation clips, and kept only where every spike is the same.
    """
    which = {"system": system, "fold": fold, "seed": seed, "to": to, "n_clips": n_clips}
    return _call("chip_files:export_chip", request=request, **which, as_json=as_json)


@app.command("export-circuit")
@of_a_study("store", "data_root", "settings", "accept_code")
def export_circuit(
    request: "Request",
    system: Annotated[str, typer.Option("--system", help="A system with a circuit.")],
    to: Annotated[Path, typer.Option("--to", help="A new FILE.qasm (OpenQASM 3).")],
    clip: Annotated[int, typer.Option("--clip", help="Whose state is prepared: a validation clip, from 0.")] = 0,
    fold: Annotated[str | None, typer.Option("--fold", help="A fold.  [default: the first with weights]")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="A seed.  [default: the first with weights]")] = None,
    measured: Annotated[
        bool, typer.Option("--measured", help="The Fourier transform that ends the circuit as a measured one.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Write the circuit of a clip, with its trained angles, as OpenQASM 3.

    Preparation by gates, trained circuit, measurement; with --measured a dynamic circuit, whose last transform is read
    as it goes and has no two-qubit gates. Qiskit runs it first, and it is kept only where it gives the outcome
    probabilities of the engine.
    """
    which = {"system": system, "fold": fold, "seed": seed, "clip": clip, "measured": measured, "to": to}
    return _call("circuit_file:export_circuit", request=request, **which, as_json=as_json)


@app.command("import-chip")
def import_chip(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What export-chip wrote, or another tool's .nir.")],
    chip: Annotated[str, typer.Option("--chip", help="loihi-1 or loihi-2.")] = "loihi-1",
    n_chips: Annotated[int, typer.Option("--chips", help="Spread over so many.")] = 1,
    reset_mechanism: Annotated[
        str | None, typer.Option("--reset", help="Of another tool's graph: zero, which NIR does not say.")
    ] = None,
    readout: Annotated[
        str | None, typer.Option("--readout", help="Of another tool's graph: count or potential.  [default: count]")
    ] = None,
    dt_seconds: Annotated[
        float | None, typer.Option("--dt", help="Of another tool's graph: seconds of its step.  [default: 0.0001]")
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", help="snnTorch's state dict of the same network: says how it resets.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Read a network, check it, and map it to cores.

    A graph of floats is quantised, and the line that makes a system of it is printed (docs/networks_from_elsewhere.md).
    """
    of_floats = {"reset_mechanism": reset_mechanism, "readout": readout, "dt_seconds": dt_seconds, "state": state}
    return _call("chip_files:import_chip", file=file, chip=chip, n_chips=n_chips, **of_floats, as_json=as_json)


@app.command()
def circuits(
    qubits: Annotated[str, typer.Option("--qubits", help="Numbers of qubits, with commas between them.")] = "2,4,6,8",
    layers: Annotated[str, typer.Option("--layers", help="Numbers of trainable layers.")] = "1,2,4,8,16",
    n_draws: Annotated[int, typer.Option("--draws", help="Random settings of the angles, or pairs of them.")] = 500,
    seed: Annotated[int, typer.Option("--seed", help="Of the settings.")] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", help="FILE.png, .svg, .pdf or .csv.  [default: reports/circuits.svg]")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Measure the classifiers' circuits before any training.

    Gradient variance against qubits, expressibility and entangling capability against depth: of the hybrids' layers,
    with parts taken away, of the convolutional network and of data re-uploading.
    """
    return _call("circuits", qubits=qubits, layers=layers, n_draws=n_draws, seed=seed, out=out, as_json=as_json)


@app.command("is-the-qft-faster")
def is_the_qft_faster_(
    error: Annotated[float, typer.Option("--error", help="Total variation distance of the spectrum.")] = 0.05,
    out: Annotated[Path | None, typer.Option("--out", help="The figure: FILE.png, .svg, .pdf or .csv.")] = None,
    as_json: AsJson = False,
) -> int:
    """Hold the QFT against the FFT, loading and readout counted.

    Prints the page docs/results/is-the-qft-faster.md, computed anew: seconds, shots, joules for 2^4 to 2^30 samples.
    """
    return _call("is_the_qft_faster", error=error, out=out, as_json=as_json)


@app.command("back-test")
def back_test_() -> int:
    """Hold the model of Loihi against published measurements.

    Prints the page docs/results/loihi-back-test.md, computed anew.
    """
    return _call("back_test")


@app.command("literature-repriced")
def literature_repriced_(
    file: Annotated[
        Path | None, typer.Option("--claims", help="A file of claims in the form of the shipped one, in its place.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The figure: FILE.png, .svg, .pdf or .csv.")] = None,
    as_page: Annotated[bool, typer.Option("--page", help="The page docs/results/literature-repriced.md.")] = False,
    as_json: AsJson = False,
) -> int:
    """Put published claims about energy on Trichord's prices and boundaries.

    Each is kept, flipped, undecided or cannot be repriced; with the term that decides, or what is missing.
    """
    return _call("literature_repriced", file=file, out=out, as_page=as_page, as_json=as_json)


@app.command()
@of_a_study("data_root", "settings")
def augment(
    request: "Request",
    systems: Annotated[
        str | None, typer.Option("--system", help="Only these: A,B.  [default: all that augment]")
    ] = None,
    clip: Annotated[str | None, typer.Option("--clip", help="A training clip.  [default: the first]")] = None,
    n_drawn: Annotated[int, typer.Option("--draw", help="So many drawings of each.")] = 4,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="FILE.png, .svg, .pdf or .csv.  [default: reports/STUDY/augmentations.png]"),
    ] = None,
) -> int:
    """Draw what augmentation makes of a training clip.

    A line per system, as its batches would hold the clip; nothing is trained.
    """
    return _call("augment", request=request, systems=systems, clip=clip, n_drawn=n_drawn, out=out)


@app.command()
@of_a_study(*RESULTS)
def cite(
    request: "Request",
    only_bibtex: Annotated[bool, typer.Option("--bibtex", help="BibTeX alone, for a file.")] = False,
    as_json: AsJson = False,
) -> int:
    """Print what a study rests on, to cite.

    Trichord, the recordings, the methods, the sources of prices.
    """
    return _call("cite", request=request, only_bibtex=only_bibtex, as_json=as_json)


@app.command("import")
@of_a_study(*RESULTS)
def import_(
    request: "Request",
    predictions: Annotated[Path | None, typer.Argument(help="CSV: a line per clip; --template writes one.")] = None,
    counts: Annotated[Path | None, typer.Option("--counts", help="CSV of operations per clip.")] = None,
    joules: Annotated[Path | None, typer.Option("--joules", help="CSV of a meter's windows.")] = None,
    template: Annotated[Path | None, typer.Option("--template", help="Write files to fill in here, and stop.")] = None,
    system: Annotated[str | None, typer.Option("--system", help="Name of the system, in kebab-case.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="Its title in tables.  [default: its name]")] = None,
    family: Annotated[str | None, typer.Option("--family", help="classical, neuro or quantum.")] = None,
    backend: Annotated[str, typer.Option("--backend", help="What it ran on, in kebab-case.")] = "elsewhere",
    deployment: Annotated[
        list[str] | None, typer.Option("--deployment", help="Price the counts for this; may be repeated.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Who measured what, on what, when.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Your name, to stand beside the numbers.")] = None,
    note: Annotated[str | None, typer.Option("--note", help="Anything else a reader must know.")] = None,
) -> int:
    """Take what was measured elsewhere into a study.

    Predictions, counts and joules join the study's statistics; they count as looks.
    """
    files = {"predictions": predictions, "counts": counts, "joules": joules, "template": template}
    said = {"system": system, "title": title, "family": family, "backend": backend, "deployed": deployment}
    return _call("importing:import_results", request=request, **files, **said, source=source, by=by, note=note)


@app.command()
@of_a_study("store", "data_root", "settings")
def search(
    request: "Request",
    jobs: Annotated[int | None, typer.Option("--jobs", help="Cells side by side.  [default: one per core]")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder.  [default: ./reports/STUDY-trials]")] = None,
    as_json: AsJson = False,
) -> int:
    """Search systems and devices under a budget.

    Accuracy against energy and latency, on validation clips. Interrupt it and run it again: it goes on.
    """
    return _call("search", request=request, jobs=jobs, out=out, as_json=as_json)


@app.command("list")
def list_(
    what: Annotated[str | None, typer.Argument(help="datasets, front-ends, encoders, ...; none: all.")] = None,
    check: Annotated[Path | None, typer.Option("--check", help="With `devices`: lint your own device file.")] = None,
    as_json: AsJson = False,
) -> int:
    """List what a study may name."""
    return _call("listing", what=what, check=check, as_json=as_json)


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Benches; none: all.")] = None,
    peer_python: Annotated[
        list[Path] | None,
        typer.Option("--peer-python", help="A Python that has a peer which ours cannot import; may be given again."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Time our kernels beside their peers, one thread each unless a row says two."""
    return _call("bench", names=names or [], as_json=as_json, peer_pythons=peer_python or [])


@app.command()
def doctor(data_root: DataRoot = None, as_json: AsJson = False) -> int:
    """Say what works on this machine, and what does not."""
    return _call("doctor", data_root=data_root, as_json=as_json)


@app.command()
def schema() -> int:
    """Print the JSON schema of a study file."""
    return _call("schema")


@data_app.command("get")
def data_get(
    name: Annotated[str, typer.Argument(help="A data set; `trichord list datasets` names them.")],
    data_root: DataRoot = None,
) -> int:
    """Download a data set and check its sums."""
    return _call("data:get", name=name, data_root=data_root)


@data_app.command("check")
def data_check(name: Annotated[str, typer.Argument(help="A data set.")], data_root: DataRoot = None) -> int:
    """Compare every recording with its manifest."""
    return _call("data:check", name=name, data_root=data_root)


@data_app.command("duplicates")
def data_duplicates(
    name: Annotated[str, typer.Argument(help="A data set, or a folder of your own with a meta.csv.")],
    protocol: Annotated[str | None, typer.Option(help="Say which pairs stand in two parts of its folds.")] = None,
    clip_seconds: Annotated[
        float | None, typer.Option("--clip-seconds", help="So much of each recording.  [default: the set's own]")
    ] = None,
    data_root: DataRoot = None,
) -> int:
    """Find clips that hold the same recording, also at another offset or gain."""
    return _call("data:duplicates", name=name, protocol=protocol, clip_seconds=clip_seconds, data_root=data_root)


@data_app.command("describe")
def data_describe(name: Annotated[str, typer.Argument(help="A data set.")], data_root: DataRoot = None) -> int:
    """Print what a data set holds, its origin and licence."""
    return _call("data:describe", name=name, data_root=data_root)


def _requests(studies: list[str], stores: list[Path] | None, shared: dict[str, Any]) -> "list[Request]":
    """A request per study, each with its own store."""
    from studies.commands.request import Request

    folders = stores or []
    if folders and len(folders) != len(studies):
        from studies.wording import counted

        given, wanted = counted(len(folders), "time"), counted(len(studies), "study", "studies")
        raise InputError(f"--store was given {given} for {wanted}; give each one, or none.")
    return [Request(study=study, store=store, **shared) for study, store in zip_longest(studies, folders)]


if __name__ == "__main__":
    main()
