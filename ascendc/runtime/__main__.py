"""What a bundle can do where it lies: ``python3 python check | selftest | compare | run``.

Python 3.7, numpy. Exit codes: 0 all is well, 2 the command or an input is wrong, 3 an engine or the device half
failed, 4 a file or an output was refused (broken pictures that were skipped too), 5 this machine lacks what is
needed, 130 interrupted, 141 nobody reads on.
"""

import argparse
import io
import os
import sys
import traceback
import warnings
from pathlib import Path
from typing import List, NoReturn, Optional, Sequence

from .bundle import Bundle, BundleError, open_bundle
from .engine import NoEngineError
from .environment import look, pip_name
from .manifest import DEFERRED
from .run import add_options, run, top_module
from .selftest import judge_files, selftest
from .service import HalfError, InputError
from .session import SessionError

FAILED, REFUSED, LACKS, INTERRUPTED, UNREAD = 3, 4, 5, 130, 141


def main(argv: Optional[List[str]] = None) -> int:
    """Run one command; the exit code."""
    args = _parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files need not be text
    warnings.filterwarnings("ignore", "Image size .* could be decompression bomb")  # `image` refuses it itself
    try:
        bundle = open_bundle(Path(args.bundle))
        _check_choices(bundle, args)
        code = int(args.command(bundle, args))
        sys.stdout.flush()  # here, where a failure has a meaning
    except InputError as error:
        return _fail(2, error)
    except SessionError as error:
        return _fail(FAILED, error)
    except HalfError as error:
        cause = error.__cause__
        if args.verbose and cause is not None:
            traceback.print_exception(type(cause), cause, cause.__traceback__)
        hint = "./deploy.sh, or ascendc bundle verify {}, says whether its files are whole; -v says where it failed"
        return _fail(FAILED, "the bundle's device half {}\n  hint: {}".format(error, hint.format(args.bundle)))
    except BundleError as error:
        return _fail(REFUSED, error)
    except NoEngineError as error:
        return _fail(LACKS, error)
    except ImportError as error:
        return _fail(LACKS, "{}: python3 -m pip install {}".format(error, pip_name(top_module(error))))
    except KeyboardInterrupt:
        return _fail(INTERRUPTED, "interrupted")
    except BrokenPipeError:  # `| head` has read enough
        _say_no_more()
        return UNREAD
    except OSError as error:  # files have their own errors: what is left is stdout
        _say_no_more()
        return _fail(2, "{}: {}".format(error.filename or "standard output", error.strerror or error))
    return code


def _say_no_more() -> None:
    """Let what Python flushes when it ends go nowhere: it would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def check(bundle: Bundle, args: argparse.Namespace) -> int:
    """Say what this machine offers the bundle, and whether every file is as it was built."""
    codes = []
    if args.only != "files":
        environment = look(bundle.manifest)
        print("\n".join(environment.lines))
        codes.append(0 if environment.engine else LACKS)
    if args.only != "environment":
        codes.append(_check_files(bundle))
    return max(codes, key=lambda code: (code == REFUSED, code))


def _check_files(bundle: Bundle) -> int:
    manifest = bundle.manifest
    print(
        "bundle: {} ({} {}), made by {}".format(
            manifest.name, manifest.model.plugin, manifest.model.source, manifest.created_by
        )
    )
    for note in manifest.model.notes:
        print("note: {}".format(note))
    for artefact in manifest.artefacts:
        om = bundle.om(artefact)
        later = "; {} came later, without a digest".format(om.name) if om and artefact.state == DEFERRED else ""
        print("{} @ {}: {}{}".format(artefact.part, artefact.target, artefact.state, later))
    complaints = list(bundle.complaints())
    for complaint in complaints:
        print("REFUSED: {}".format(complaint))
    size = sum(info.size for info in manifest.files.values())
    print(
        "files: {} of {} are as built ({:.1f} MB)".format(
            len(manifest.files) - len(complaints), len(manifest.files), size / 1e6
        )
    )
    return REFUSED if complaints else 0


def test(bundle: Bundle, args: argparse.Namespace) -> int:
    """Run the golden test of every part, or of those asked for."""
    verdicts = []
    for part in args.parts or [part.name for part in bundle.manifest.parts]:
        verdict = selftest(bundle, part, args.target, args.device, args.allow_simulated)
        for note in verdict.notes:
            print(note)
        print(verdict, flush=True)
        verdicts.append(verdict)
    return 0 if all(verdict.ok for verdict in verdicts) else REFUSED


def compare(bundle: Bundle, args: argparse.Namespace) -> int:
    """Hold what ais_bench wrote against the golden outputs."""
    verdict = judge_files(bundle, args.part, args.target, Path(args.folder))
    print(verdict)
    return 0 if verdict.ok else REFUSED


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say it as every other error is said."""
        self.print_usage(sys.stderr)
        self.exit(2, "error: {}\n".format(message))


def _parser() -> argparse.ArgumentParser:
    started_as = os.environ.get("ASCENDC_STARTED_AS", "python3 python")
    parser = _Parser(prog=started_as, description="A deployment bundle, where it lies.")
    parser.set_defaults(verbose=False)
    parser.add_argument("--bundle", default=str(Path(__file__).resolve().parents[2]), help="its folder")
    verbs = parser.add_subparsers(metavar="check|selftest|compare|run", dest="verb", required=True)
    verb = verbs.add_parser("check", help="environment, and every file's digest")
    verb.set_defaults(command=check)
    verb.add_argument("--only", choices=("environment", "files"))
    verb = verbs.add_parser("selftest", help="the golden test of every part")
    verb.set_defaults(command=test)
    verb.add_argument("parts", nargs="*", metavar="PART", help="default: all")
    _choices(verb)
    verb = verbs.add_parser("compare", help="judge what ais_bench wrote for the golden inputs")
    verb.set_defaults(command=compare)
    verb.add_argument("part")
    verb.add_argument("folder", help="ais_bench's output folder")
    verb.add_argument("--target")
    verb = verbs.add_parser("run", help="ask the model a question")
    verb.set_defaults(command=run)
    _choices(verb)
    add_options(verb)
    verb.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="why better devices were passed over; the traceback of a device half that fails",
    )
    return parser


def _choices(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--target", help="which target's artefacts; default: the first that can run")
    verb.add_argument("--device", choices=("auto", "npu", "cuda", "cpu"), default="auto")
    verb.add_argument("--allow-simulated", action="store_true", help="offer a device OMs that no real ATC made")


def _check_choices(bundle: Bundle, args: argparse.Namespace) -> None:
    """Refuse a target or a part that the bundle does not hold."""
    manifest = bundle.manifest
    _one_of("target", getattr(args, "target", None), manifest.targets)
    for part in getattr(args, "parts", None) or [getattr(args, "part", None)]:
        _one_of("part", part, [known.name for known in manifest.parts])


def _one_of(what: str, value: Optional[str], known: Sequence[str]) -> None:
    if value is not None and value not in known:
        raise InputError("{} must be one of {}, not `{}`".format(what, ", ".join(known), value))


def _fail(code: int, message: object) -> int:
    print("error: {}".format(message), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
