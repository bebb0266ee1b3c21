"""One model on arrays, in a process of its own: ``python3 -m ascendc_runtime.answer MODEL FOLDER``.

Python 3.7, numpy. The host runs it in the environment of CANN, which its own process does not have. FOLDER holds
``inputs.json``, names in order, and ``input0.npy``…; it gets ``output0.npy``…. Prints a line of JSON about the engine.
Exit codes: 0, 2 the command is wrong, 3 the engine failed, 6 there is no device for it: full, busy or another chip.
"""

import json
import sys
from pathlib import Path
from typing import List, Optional

import numpy as np

from . import open_session
from .acl import AclError
from .om_checks import OtherChipError, TooLittleMemoryError
from .session import SessionError

FAILED, NO_DEVICE = 3, 6
_NO_DEVICE = (107001, 200002, 207001, 207004, 207008, 207018, 245000, 500004, 507899)
"""Codes of AscendCL that speak of the device, and not of the model."""


def main(argv: Optional[List[str]] = None) -> int:
    """Run; the exit code."""
    words = sys.argv[1:] if argv is None else argv
    if len(words) != 2:
        print("usage: python3 -m ascendc_runtime.answer MODEL FOLDER", file=sys.stderr)
        return 2
    model, folder = words[0], Path(words[1])
    try:
        names = json.loads((folder / "inputs.json").read_text(encoding="utf-8"))
        feeds = {name: np.load(str(folder / "input{}.npy".format(i))) for i, name in enumerate(names)}
        with open_session(model) as session:
            answers = session.run_batched(feeds)
        for i, array in enumerate(answers.values()):
            np.save(str(folder / "output{}.npy".format(i)), array)
    except (OSError, SessionError) as error:
        print("error: {}".format(error), file=sys.stderr)
        lacks = isinstance(error, (OtherChipError, TooLittleMemoryError)) or (
            isinstance(error, AclError) and error.code in _NO_DEVICE
        )
        return NO_DEVICE if lacks else FAILED
    print(json.dumps({"engine": session.engine, "simulated": " SIMULATED" in session.engine, "outputs": len(answers)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
