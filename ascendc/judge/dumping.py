"""Running an OM while AscendCL dumps what flows between its operators."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc.cann.dump import folder
from ascendc.cann.om import file as oms
from ascendc.judge import failures
from ascendc.judge.running import fitting
from ascendc.runtime import SessionError, open_session
from ascendc.runtime.acl import acl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.cann.dump.folder import Run
    from ascendc.judge.side import Inputs


@contextmanager
def dumped(om: Path, inputs: Inputs, count: int, *, allow_simulated: bool = False) -> Iterator[tuple[Run, ...]]:
    """Run an OM, and hand over what it dumped, for as long as the block lasts.

    A device writes dumps after a run has returned: they are read when dumping has ended. They take as much of the disk
    as all that flows through the model on these inputs.

    Args:
        om: the file.
        inputs: what it is fed.
        count: samples, from the first on.
        allow_simulated: as `open_session` takes it.

    Raises:
        StageError: it fails (ASC2807).
        EnvironmentLacksError: this machine has no device for it (ASC2808).
        UsageError: nothing was dumped (ASC2822).
    """
    with tempfile.TemporaryDirectory(prefix="ascendc-dump-") as made:
        where = Path(made)
        try:
            with _dumping(om, where), open_session(om, "npu", allow_simulated=allow_simulated) as session:
                fed = fitting(str(om), session, inputs)
                session.run_batched({name: array[:count] for name, array in fed.items()})
        except SessionError as error:
            raise failures.of_session(str(om), "while it is dumped", error) from error
        yield folder.runs(where)


@contextmanager
def _dumping(om: Path, where: Path) -> Iterator[None]:
    """AscendCL dumps the outputs of every operator of models called as this one, by its name or its file's."""
    api = acl()
    names = dict.fromkeys(filter(None, (oms.read(om).name, om.stem)))
    config = where.with_name(f"{where.name}.json")
    listed = [{"model_name": name} for name in names]
    section = {"dump_list": listed, "dump_path": str(where), "dump_mode": "output", "dump_op_switch": "off"}
    config.write_text(json.dumps({"dump": section}), encoding="utf-8")
    mdl = api.module.mdl
    try:
        api.check("acl.mdl.init_dump", mdl.init_dump())
        api.check("acl.mdl.set_dump", mdl.set_dump(str(config)))
        yield
    finally:
        mdl.finalize_dump()
        config.unlink(missing_ok=True)
