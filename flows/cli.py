"""The `smelt` command. Nothing heavy is imported before a subcommand needs it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tasks.errors import ConfigError, SmeltError
from tasks.nodes import stages

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Crawl in, language model out: a DAG of cached stages, from web crawl to a scored model.",
)

File = Annotated[Path, typer.Option("--file", "-f", help="The pipeline file.")]
Overrides = Annotated[
    list[str],
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a key: section.key=value, as in the pipeline file."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Only = Annotated[str | None, typer.Option("--only", metavar="STAGE", help="This stage alone.")]
From = Annotated[str | None, typer.Option("--from", metavar="STAGE", help="Start at this stage.")]
To = Annotated[str | None, typer.Option("--to", metavar="STAGE", help="End after this stage.")]
Force = Annotated[
    list[str], typer.Option("--force", metavar="STAGE", help="Run this stage even if it could be reused.")
]
PIPELINE = Path("pipeline.yaml")
NOTHING: list[str] = []


@app.command()
def run(
    file: File = PIPELINE,
    only: Only = None,
    first: From = None,
    last: To = None,
    force: Force = NOTHING,
    overrides: Overrides = NOTHING,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and stop.")] = False,
) -> None:
    """Run the pipeline: what can be reused is reused."""
    _run(file, overrides, {"only": only, "first": first, "last": last, "force": force}, dry_run)


@app.command()
def rerun(
    stage: Annotated[str, typer.Argument(help="The stage to run again.")],
    file: File = PIPELINE,
    overrides: Overrides = NOTHING,
) -> None:
    """Run one stage again, then what depends on it and came out different."""
    _run(file, overrides, {"only": None, "first": stage, "last": None, "force": [stage]}, False)


@app.command()
def plan(
    file: File = PIPELINE,
    only: Only = None,
    first: From = None,
    last: To = None,
    force: Force = NOTHING,
    overrides: Overrides = NOTHING,
    as_json: AsJson = False,
) -> None:
    """Show what a run would do, and why. Runs nothing and uses no network."""
    from dataclasses import asdict

    steps = _planned(file, overrides, {"only": only, "first": first, "last": last, "force": force})[1]
    if as_json:
        print(json.dumps([{**asdict(step), "stage": step.stage} for step in steps], indent=1))
    else:
        _print_plan(steps)


@app.command()
def status(file: File = PIPELINE, as_json: AsJson = False) -> None:
    """Show the last run: stages, artifacts, counts, time."""
    from flows.history import print_status, status_data

    store = _store(file)
    _latest(store)
    if as_json:
        print(json.dumps(status_data(store.root), indent=1))
    else:
        print_status(store.root)


@app.command()
def explain(
    key: Annotated[
        str, typer.Argument(metavar="ID|URL", help="A document's id (or its first digits) or URL.")
    ],
    file: File = PIPELINE,
    as_json: AsJson = False,
) -> None:
    """Tell one document's way through every stage."""
    from flows import explain as story

    store = _store(file)
    found = story.explain(store.root, _latest(store), key)
    print(json.dumps(story.as_json(found), indent=1, default=str) if as_json else story.render(found))


@app.command()
def tune(
    file: File = PIPELINE,
    overrides: Overrides = NOTHING,
    sweep: Annotated[
        str | None,
        typer.Option(metavar="KEY=FROM:TO:STEP", help="Try a row of values, from:to:step or a,b,c."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay the last run's verdicts with other thresholds, from its signals: no text is read, nothing runs."""
    from flows.history import past_runs
    from flows.settings import load_settings
    from tasks.nodes import hooks

    [replay], [show] = hooks("tune").values(), hooks("print_tuning").values()
    store = load_settings(file).store
    found = replay(past_runs(store), lambda changes: load_settings(file, changes).configs, overrides, sweep)
    print(json.dumps(found.as_json(), indent=1)) if as_json else show(found)


@app.command()
def report(
    file: File = PIPELINE,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write the last run's report, one HTML page, and say where it is."""
    from flows.report import write_report

    store = _store(file)
    path = write_report(store.root, _latest(store))
    print(path)
    if show:
        import webbrowser

        webbrowser.open(path.as_uri())


@app.command()
def generate(
    prompt: Annotated[str, typer.Argument(help="The beginning of the text; standard input with '-'.")] = "",
    model: Annotated[Path | None, typer.Option(help="A model's folder (default: the last run's).")] = None,
    file: File = PIPELINE,
    tokens: Annotated[int, typer.Option(min=1, help="The most tokens to write.")] = 200,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 = greedy.")] = 0.8,
    top_k: Annotated[int | None, typer.Option(min=1)] = None,
    top_p: Annotated[float | None, typer.Option(min=0.0, max=1.0)] = 0.95,
    seed: int = 1,
) -> None:
    """Stream text from the trained model."""
    from flows.generate import stream
    from tasks.render import printable

    folder = model or _made(_store(file), "model")
    start = sys.stdin.read() if prompt == "-" else prompt
    print(printable(start), end="", flush=True)
    sampling = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
    for piece in stream(folder, start, max_new_tokens=tokens, **sampling):
        print(printable(piece), end="", flush=True)
    print()


@app.command()
def verify(file: File = PIPELINE) -> None:
    """Read every byte of the last run's artifacts and check it against its checksum."""
    from flows.history import load_run

    store = _store(file)
    nodes = load_run(store.root, _latest(store)).nodes.values()
    made = [node for node in nodes if node.status in ("done", "reused")]
    wrong = [line for node in made for line in store.verify(node.name, node.fingerprint)]
    for line in wrong:
        print(line)
    print(f"{len(made)} artifacts checked, {'all whole' if not wrong else f'{len(wrong)} problems'}")
    raise typer.Exit(1 if wrong else 0)


@app.command()
def doctor(file: File = PIPELINE) -> None:
    """Check what smelt needs on this machine, and say what to do where something is missing."""
    from flows.doctor import check

    raise typer.Exit(0 if check(file) else 1)


def _planned(file: Path, overrides: list[str], selection: dict[str, Any]) -> tuple[Any, list[Any]]:
    from flows.run import Selection, make_plan
    from flows.settings import load_settings

    order = list(stages())
    only, first, last, force = (selection[name] for name in ("only", "first", "last", "force"))
    named = [("--only", only), ("--from", first), ("--to", last), *(("--force", stage) for stage in force)]
    for option, stage in named:
        if stage is not None and stage not in order:
            raise ConfigError(f"{option} {stage}: no such stage; the stages are {', '.join(order)}")
    if only and (first or last):
        raise ConfigError("--only stands alone: leave out --from and --to")
    if first and last and order.index(first) > order.index(last):
        raise ConfigError(f"--from {first} comes after --to {last}")
    settings = load_settings(file, overrides)
    return settings, make_plan(settings, Selection(**selection))


def _run(file: Path, overrides: list[str], selection: dict[str, Any], dry_run: bool) -> None:
    settings, steps = _planned(file, overrides, selection)
    if dry_run:
        _print_plan(steps)
        return
    if all(step.action == "reuse" for step in steps):
        print(f"nothing to do: all {len(steps)} nodes are there ({settings.store})")
        return
    from flows.run import supervise

    code, folder = supervise(settings, selection, sys.argv)
    if code == 0:
        from flows.history import print_summary
        from flows.report import write_report

        path = write_report(settings.store, folder)
        print_summary(settings.store, folder)
        print(f"report: {path}")
    raise typer.Exit(code)


def _print_plan(steps: list[Any]) -> None:
    for step in steps:
        line = f"{step.node:<17} {step.action:<6} {step.reason}"
        if step.action == "run" and step.shards and step.shards_reused:
            line += f"  {step.shards_reused}/{step.shards} shards there"
        if step.action != "reuse" and step.seconds is not None:
            line += f"  ~{step.seconds:.0f} s last time"
        print(line)


def _store(file: Path) -> Any:
    from flows.settings import load_settings
    from flows.store import Store

    return Store(load_settings(file).store)


def _latest(store: Any) -> Path:
    folder: Path | None = store.latest_run()
    if folder is None:
        raise ConfigError(f"{store.root}: nothing has run yet; `smelt run` starts the pipeline")
    return folder


def _made(store: Any, output: str) -> Path:
    """The folder of an output that the last run made."""
    from flows.history import load_run

    node = load_run(store.root, _latest(store)).having(output)
    if node is None:
        raise ConfigError(f"the last run has made no {output}; `smelt run` makes one")
    return node.folder / output


def main() -> None:
    """The console script: runs the command; a user's mistake is one message, never a traceback."""
    try:
        app()
    except SmeltError as error:
        print(f"smelt: {error}", file=sys.stderr)
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
