"""Files of a checkpoint: in a local folder, or brought from a hub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc import EnvironmentLacksError, UsageError

if TYPE_CHECKING:
    from ascendc import Source

DESCRIPTION = (
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
)
"""All that is small: what the model is, and how its inputs are made."""
SAFETENSORS = ("model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors")
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*-of-*.bin")

_MODELSCOPE = "modelscope:"
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def fetch(source: Source, patterns: tuple[str, ...]) -> Path:
    """The folder that holds those of the checkpoint's files that fit `patterns`.

    Args:
        source: a local folder, a hub id, or ``modelscope:`` and one of ModelScope's.
        patterns: file names, ``*`` allowed; files that a hub lacks are not missed here.

    Raises:
        UsageError: the source is none of these (ASC1331), or the hub does not know it (ASC1332).
        EnvironmentLacksError: the hub cannot be reached (ASC1333), or a package is not installed (ASC1334).
    """
    folder = Path(source.id).expanduser()
    if folder.is_dir():
        return folder
    if source.id.startswith(_MODELSCOPE):
        return _from_modelscope(source.id.removeprefix(_MODELSCOPE), source.revision, patterns)
    if not _REPOSITORY.fullmatch(source.id):
        raise UsageError(
            "ASC1331",
            f"`{source.id}` is neither a folder nor a hub id; allowed: a local folder, `owner/name`, "
            "`modelscope:owner/name`, or a known name such as ViT-B/32",
        )
    return _from_hugging_face(source, patterns)


def local_files(folder: Path) -> tuple[Path, ...]:
    """Those files of a local checkpoint that are read, sorted; none if there is no such folder."""

    def matching(patterns: tuple[str, ...]) -> list[Path]:
        return sorted(path for pattern in patterns for path in folder.glob(pattern))

    return (*matching(DESCRIPTION), *(matching(SAFETENSORS) or matching(PICKLES)))


def _from_hugging_face(source: Source, patterns: tuple[str, ...]) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    at = f"`{source.id}`" + (f" at `{source.revision}`" if source.revision else "")
    try:
        return Path(snapshot_download(source.id, revision=source.revision, allow_patterns=list(patterns)))
    except (GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise UsageError(
            "ASC1332",
            f"the hub has no {at}, or does not show it to you",
            hint="check the name; for a gated model log in: huggingface-cli login",
        ) from error
    except LocalEntryNotFoundError as error:
        raise _unreachable(at, "Hugging Face") from error


def _from_modelscope(name: str, revision: str | None, patterns: tuple[str, ...]) -> Path:
    try:
        from modelscope import snapshot_download
    except ImportError as error:
        raise EnvironmentLacksError(
            "ASC1334",
            f"`{_MODELSCOPE}{name}` needs the package `modelscope`, which is not installed",
            hint='pip install "ascendc[modelscope]"',
        ) from error
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(patterns)))
    except OSError as error:  # the base of what its client and the connection raise
        raise _unreachable(f"`{name}`", "ModelScope") from error


def _unreachable(what: str, hub: str) -> EnvironmentLacksError:
    return EnvironmentLacksError(
        "ASC1333",
        f"{what} is not on this machine, and {hub} cannot be reached",
        hint="set HF_ENDPOINT to a mirror; or download it elsewhere (huggingface-cli download NAME --local-dir DIR) "
        "and give the folder as source; or take weights: random with a known name",
    )
