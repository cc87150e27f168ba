"""The options of the command evaluate."""

from __future__ import annotations

import argparse

from fabric_widget.cli.arguments.program import PROGRAM
from fabric_widget.cli.arguments.rounds import add_rounds
from fabric_widget.cli.arguments.sampling import PIPELINE, add_hardware
from fabric_widget.cli.arguments.values import COUNTS, file, folder, integer, names, span
from fabric_widget.evaluation.people.options import AT_A_GLANCE
from fabric_widget.evaluation.study.settings import DEMO_STEPS, PROTOCOLS

_METHODS = "none,paper-0.8,ours"


def add_evaluate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    command = commands.add_parser(
        "evaluate",
        help="measure feedback by the paper's two protocols, beside other methods",
        description="""\
Lets a simulated person vote on pictures for many prompts, with several methods
and the same seeds, and measures every round. In the protocol "preference" the
person likes what a scorer likes, or what a sentence says; in "target" what is
similar to a hidden picture. Others than the voter report. Every finished trial
(one prompt, one method) is kept: after a kill the same command does the rest.
Writes results.jsonl, results.parquet (with pyarrow), summary.json, report.html.""",
        epilog=f"""examples:
  {PROGRAM} evaluate --protocol target --rounds 3 --limit 20
  {PROGRAM} evaluate --wish "green or striped" --person noisy=0.2,likes-only
  {PROGRAM} evaluate --pipeline stable-diffusion-v1-5/stable-diffusion-v1-5 \\
      --prompts prompts.txt --voter pickscore --scorers hpsv2,imagereward --ray""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        default=PROTOCOLS[0],
        help="what the person votes by (default: %(default)s)",
    )
    command.add_argument("--pipeline", **PIPELINE)
    command.add_argument(
        "--prompts",
        type=file,
        metavar="FILE",
        help="one prompt a line, or JSON lines with prompt, wish, target, target_prompt (default: "
        "random tastes of the demo model)",
    )
    command.add_argument(
        "--limit",
        type=integer(COUNTS),
        default=20,
        metavar="N",
        help=f"how many prompts, {span(COUNTS)} (default: %(default)s)",
    )
    command.add_argument(
        "--methods",
        type=names,
        default=_METHODS,
        metavar="NAMES",
        help="separated by commas: none, ours, everything, renoised, paper-0.1, paper-0.3, "
        "paper-0.8, random, prompt-dropout, zero-order, functions of your own as "
        '"package.module:function", or all '
        "(default: %(default)s)",
    )
    command.add_argument(
        "--voter",
        metavar="NAME",
        help="the scorer that likes and dislikes; taste: whatever the wish of a prompt says "
        "(default: taste or colour on the demo model, else pickscore or clip-image)",
    )
    command.add_argument(
        "--scorers",
        type=names,
        metavar="NAMES",
        help="those that report, separated by commas; the voter only if it is named here",
    )
    command.add_argument(
        "--features",
        metavar="NAME",
        help="the scorer that says how similar pictures are (default: reader on the demo model, "
        "else clip-image)",
    )
    command.add_argument(
        "--frechet", metavar="NAME", help="measure Fréchet distances over this scorer's vectors"
    )
    command.add_argument(
        "--person",
        default="",
        metavar="HABITS",
        help="separated by commas: noisy or noisy=P, likes-only, dislikes-only, eager (likes the "
        "best of a round even if an earlier one was better), says or says=N (N things a round "
        "about aspects and parts, and no thumbs), thumbs (both), graded, fickle (default: always "
        "right, one like, if nothing earlier was better, and one dislike)",
    )
    command.add_argument(
        "--wish",
        default="",
        metavar="TEXT",
        help='what everybody wants, as in "green or striped", "not sad", "red then blue"',
    )
    command.add_argument(
        "--about",
        type=names,
        default=AT_A_GLANCE,
        metavar="NAMES",
        help="attributes that random tastes are about, separated by commas, two or more: color, "
        "shape, background, pattern, size, accessory, mood, eyes, or all (default: the first four)",
    )
    add_hardware(command, "; another number gives results that differ by rounding")
    command.add_argument(
        "--ray",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="run on a Ray cluster: the one at ADDRESS, or that of this machine",
    )
    add_rounds(command, f"{DEMO_STEPS} on the demo model, else what the pipeline recommends")
    command.add_argument(
        "--out",
        type=folder,
        metavar="FOLDER",
        help="where the results go (default: out/evaluate and a name made from the configuration)",
    )
