"""The paper's protocols: many prompts, several methods, results that outlive a kill."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fabric_widget.cli import INTERRUPTED, USAGE
from fabric_widget.cli.arguments import PROGRAM
from fabric_widget.cli.progress import Bar, pipeline_arguments
from fabric_widget.cli.table import aligned
from fabric_widget.evaluation.study.settings import DEMO, DEMO_STEPS, TASTE, Settings, digest

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from fabric_widget.evaluation.report.study_summary import Estimate, Summary
    from fabric_widget.evaluation.study.cases import Case, Source
    from fabric_widget.evaluation.study.resources import Resources
    from fabric_widget.evaluation.study.result_store import Key, ResultStore

_ALL = "all"
_NAME_LENGTH = 8


@dataclass(frozen=True)
class _Usual:
    """Scorers where none are named: of the demo model, or of a pipeline of whatever size."""

    voter: str
    scorers: tuple[str, ...]
    features: str


_USUAL = {
    (DEMO, "preference"): _Usual(TASTE, (TASTE, "reader"), "reader"),
    (DEMO, "target"): _Usual("colour", (TASTE, "reader", "luminance"), "reader"),
    ("", "preference"): _Usual("pickscore", ("hpsv2", "imagereward", "clip-score"), "clip-image"),
    ("", "target"): _Usual("clip-image", ("dinov2",), "clip-image"),
}


@dataclass(frozen=True)
class _Plan:
    """What is to be done, checked."""

    settings: Settings
    cases: Mapping[int, Case]
    methods: tuple[str, ...]
    folder: Path

    @property
    def keys(self) -> list[Key]:
        """All trials, prompt by prompt."""
        return [(index, method) for index in self.cases for method in self.methods]


def run(arguments: argparse.Namespace) -> int:
    """Run what is missing, write and print the results, and return the exit code.

    Ctrl-C ends early; finished trials are kept, and the next run goes on from there.
    """
    from fabric_widget.engine import FabricError
    from fabric_widget.evaluation.study.cluster import NoWorkers
    from fabric_widget.evaluation.study.result_store import ResultStore
    from fabric_widget.evaluation.study.run import run_study

    try:
        plan = _planned(arguments)
        folder = ResultStore(plan.folder, plan.settings)
    except (ValueError, ModuleNotFoundError) as error:
        return _refuse(error, USAGE)
    missing = folder.missing(plan.keys)
    ended = False
    with Bar("loading", quiet=arguments.quiet or not missing) as bar:
        try:
            resources = _loaded(plan.settings) if missing and arguments.ray is None else None
        except (ValueError, ImportError) as error:  # a scorer that cannot do it, or cannot be had
            return _refuse(error, USAGE)
        try:
            run_study(
                plan.settings,
                plan.cases.values(),
                plan.methods,
                plan.folder,
                resources=resources,
                cluster=arguments.ray,
                on_round=_Progress(plan, len(missing), bar),
            )
        except KeyboardInterrupt:
            ended = True
        except (ValueError, TypeError, FabricError, NoWorkers) as error:
            done = len(plan.keys) - len(folder.missing(plan.keys))
            return _refuse(error, 1, f" ({done} trials are kept in {folder.path})")
    records = folder.read(plan.keys)
    if records:
        _tell(plan, folder, records, as_json=arguments.json)
    if not ended:
        return 0
    print(
        f"interrupted: {len(records)} of {len(plan.keys)} trials are kept in {folder.path}; the "
        "same command does the rest",
        file=sys.stderr,
    )
    return INTERRUPTED


def _refuse(error: Exception, code: int, more: str = "") -> int:
    print(f"{PROGRAM} evaluate: error: {error}{more}", file=sys.stderr)
    return code


def _planned(arguments: argparse.Namespace) -> _Plan:
    """Return what the options ask for; nothing heavy but torch is loaded for that."""
    import torch

    from fabric_widget.evaluation.methods import METHODS, load_method
    from fabric_widget.evaluation.people.simulated_user import SimulatedUser
    from fabric_widget.evaluation.scorers import known_scorers, load_scorer
    from fabric_widget.evaluation.study.cluster import check_installed

    if arguments.ray is not None:
        check_installed()
    methods = tuple(METHODS) if arguments.methods == (_ALL,) else arguments.methods
    for name in methods:
        load_method(name)
    own = arguments.pipeline == DEMO
    usual = _USUAL[DEMO if own else "", arguments.protocol]
    voter, features = arguments.voter or usual.voter, arguments.features or usual.features
    scorers = arguments.scorers or tuple(
        name for name in usual.scorers if name != voter or name == TASTE
    )
    for name in (voter, features, *scorers, *filter(None, [arguments.frechet])):
        if name not in {TASTE, *known_scorers()}:
            load_scorer(name)  # says which there are
    person = SimulatedUser.parse(arguments.person)
    source = _source(arguments, changing=person.fickle)
    if person.fickle and voter != TASTE:
        message = f"fickle people change their wish, and {voter} has none: let the voter be {TASTE}"
        raise ValueError(message)
    silent = next((c.prompt for c in source.cases[: arguments.limit] if not c.wish), None)
    if silent is not None and TASTE in {voter, *scorers}:
        message = f"{TASTE} knows nothing of what is wanted in {silent!r}: give --wish TEXT"
        raise ValueError(message)
    given = pipeline_arguments(arguments)
    steps = {"num_inference_steps": DEMO_STEPS} if own else {}
    settings = Settings(
        protocol=arguments.protocol,
        pipeline=arguments.pipeline,
        voter=voter,
        scorers=scorers,
        features=features,
        frechet=arguments.frechet or "",
        person=arguments.person,
        cases=source.digest,
        rounds=arguments.rounds,
        images=arguments.images,
        seed=arguments.seed,
        arguments=steps | given,
        device=arguments.device or ("cuda" if torch.cuda.is_available() else "cpu"),
        threads=arguments.threads,
    )
    cases = {case.index: case for case in source.cases[: arguments.limit]}
    name = f"{settings.protocol}-{digest(settings.identity())[:_NAME_LENGTH]}"
    return _Plan(settings, cases, methods, arguments.out or Path("out") / "evaluate" / name)


def _source(arguments: argparse.Namespace, *, changing: bool) -> Source:
    from fabric_widget.evaluation.people.wishes import parse_wishes
    from fabric_widget.evaluation.study.cases import fickle, read_cases, sampled_cases, with_wish

    if arguments.prompts is not None:
        source = read_cases(arguments.prompts)
    elif arguments.pipeline == DEMO:
        source = sampled_cases(arguments.seed)
    else:
        message = "a pipeline of your own needs a file of prompts: give --prompts FILE"
        raise ValueError(message)
    if arguments.wish:
        said = parse_wishes(arguments.wish)[0].prompt if arguments.prompts is None else ""
        source = with_wish(source, arguments.wish, said)
    return fickle(source) if changing else source


class _Progress:
    """The bar, told after each round."""

    def __init__(self, plan: _Plan, missing: int, bar: Bar) -> None:
        self._plan = plan
        self._missing = missing
        self._bar = bar
        self._rounds = 0

    def __call__(self) -> None:
        self._rounds += 1
        each, total = self._plan.settings.rounds, len(self._plan.keys)
        finished = total - self._missing + self._rounds // each
        self._bar.show(f"{finished} of {total} trials", self._rounds, self._missing * each)


def _loaded(settings: Settings) -> Resources:
    """Return a studio, loaded without progress bars of others."""
    import diffusers
    import transformers

    from fabric_widget.evaluation.study.resources import Resources

    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()
    return Resources.load(settings)


def _tell(
    plan: _Plan, folder: ResultStore, records: list[dict[str, Any]], *, as_json: bool
) -> None:
    """Write results, summary and page into the folder, and print what they say."""
    from fabric_widget.evaluation.report.export import json_lines, parquet
    from fabric_widget.evaluation.report.study_report import write_report
    from fabric_widget.evaluation.report.study_summary import plain, summarize

    methods = [m for m in plan.methods if any(r["method"] == m for r in records)]
    finished = set.intersection(
        *({r["case"] for r in records if r["method"] == m} for m in methods)
    )
    files = [folder.write("results.jsonl", json_lines(records))]
    table = parquet(records)
    if table is not None:
        files.append(folder.write("results.parquet", table))
    if not finished:
        print("no prompt is finished with every method yet", file=sys.stderr)
        return
    summary = summarize(records, methods)
    content = {
        "settings": plan.settings.identity(),
        **plain(summary),
        "files": [str(path) for path in files],
    }
    files.append(folder.write("summary.json", json.dumps(content, ensure_ascii=False)))
    files.append(folder.write("report.html", write_report(plan.settings, summary, records)))
    content["files"] = [str(path) for path in files]
    if as_json:
        print(json.dumps(content, ensure_ascii=False))
        return
    print(report(plan.settings, summary))
    print("\n".join(["", *map(str, files)]))


def report(settings: Settings, summary: Summary) -> str:
    """Return the tables of a study."""
    count = f"{summary.prompts} prompts, {settings.rounds} rounds of {settings.images} pictures"
    blocks = [f"{settings.protocol}: {count}, {settings.voter} votes; 95 % intervals over prompts"]
    for name in summary.scorers:
        title = name + (" (votes itself)" if name == settings.voter else "")
        heads = (title, *(f"round {n}" for n in range(1, settings.rounds + 1)), "best so far")
        rows = [
            (method, *map(_interval, found[f"{name}.mean"]), _interval(found[f"{name}.best"][-1]))
            for method, found in summary.rounds.items()
        ]
        blocks.append(aligned(heads, rows, texts=(0,)))
    names = ("similarity_liked", "similarity_disliked", "diversity", "color_drift", "seconds")
    heads = ("last round", "to liked", "to disliked", "diversity", "colour drift", "seconds")
    rows = [
        (method, *(_plain(found[name][-1]) for name in names))
        for method, found in summary.rounds.items()
    ]
    blocks.append(aligned(heads, rows, texts=(0,)))
    for name in summary.scorers:
        found = [e for e in summary.effects if e.measure == f"{name}.mean"]
        rows = [(f"{e.method} − {e.baseline}", _signed(e.estimate)) for e in found]
        if rows:
            blocks.append(aligned((f"effect on {name}, last round", "mean"), rows, texts=(0,)))
    return "\n\n".join(blocks)


def _interval(estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    return f"{estimate.mean:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _signed(estimate: Estimate) -> str:
    return f"{estimate.mean:+.3f} [{estimate.low:+.3f}, {estimate.high:+.3f}]"


def _plain(estimate: Estimate | None) -> str:
    return "–" if estimate is None else f"{estimate.mean:.3f}"
