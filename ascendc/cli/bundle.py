"""``ascendc bundle``: pack, show and check bundles."""

from __future__ import annotations

from pathlib import Path

import click

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.group()
def bundle() -> None:
    """Pack, show and check bundles."""


@bundle.command()
@click.argument("folder", type=_FOLDER, metavar="DIR")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="[NAME.tar.gz]")
def pack(folder: Path, output: Path | None) -> None:
    """Write the bundle in DIR as an archive: equal bundles give equal bytes.

    Every file is checked against the manifest first. Example: ascendc bundle pack build/tiny -o tiny.tar.gz
    """
    from ascendc.bundle import manifest, pack

    target = output or Path(f"{manifest.read(folder).name}.tar.gz")
    packed = pack.pack(folder, target)
    click.echo(f"{packed.path}: {packed.files} files, {packed.size / 1e6:.1f} MB, sha256 {packed.sha256}")


@bundle.command()
@click.argument("what", type=click.Path(path_type=Path, exists=True), metavar="DIR|FILE.tar.gz")
def verify(what: Path) -> None:
    """Check every file of a bundle or of a packed one against its manifest, by full hash."""
    import tempfile

    from ascendc.bundle import pack

    with tempfile.TemporaryDirectory(prefix="ascendc-verify-") as scratch:
        folder = what if what.is_dir() else pack.unpack(what, Path(scratch))
        manifest = pack.verify(folder)
    click.echo(f"{what}: {manifest.name}: {len(manifest.files)} files, all as the manifest says")


@bundle.command()
@click.argument("what", type=click.Path(path_type=Path, exists=True), metavar="DIR|FILE.tar.gz")
@click.option("--json", "as_json", is_flag=True, help="The manifest itself.")
def show(what: Path, as_json: bool) -> None:
    """Say what a bundle or a packed one is made of. Nothing is hashed: see `verify`."""
    from ascendc.bundle import manifest as manifests
    from ascendc.bundle import pack

    manifest = manifests.read(what) if what.is_dir() else pack.read_manifest(what)
    if as_json:
        click.echo(manifests.to_json(manifest), nl=False)
        return
    model = manifest.model
    click.echo(f"{manifest.name}: {model.plugin} {model.source}, {model.weights} weights, by {manifest.created_by}")
    for note in model.notes:
        click.echo(f"note: {note}")
    for a in manifest.artefacts:
        batch = ",".join(map(str, a.batch))
        click.echo(
            f"  {a.part} @ {a.target} ({a.soc}, CANN {a.cann or 'unknown'}): {a.state}, batch {batch}, {a.precision}, "
            f"AIPP {a.aipp}, ONNX error {a.error:.1e}"
        )
    for verdict in manifest.verdicts:
        click.echo(f"verdict: {verdict}")
    size = sum(info.size for info in manifest.files.values())
    click.echo(f"{len(manifest.files)} files, {size / 1e6:.1f} MB")


@bundle.command()
def schema() -> None:
    """Print the JSON Schema of manifest.json."""
    import json

    from ascendc.bundle import manifest

    click.echo(json.dumps(manifest.schema(), indent=2))
