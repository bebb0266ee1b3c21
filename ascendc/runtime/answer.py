"""One model on arrays, in a process of its own: ``python3 -m ascendc.runtime.answer MODEL INPUTS.npz OUTPUTS.npz``.

Python 3.7, numpy. The host runs it in the environment of CANN, which its own process does not have. Prints one line of
JSON about the engine. Exit codes: 0, 2 the command is wrong, 3 the engine failed.
"""

import json
import sys
from typing import List, Optional

import numpy as np

from . import open_session
from .session import SessionError

FAILED = 3


def main(argv: Optional[List[str]] = None) -> int:
    """Run; the exit code."""
    words = sys.argv[1:] if argv is None else argv
    if len(words) != 3:
        print("usage: python3 -m ascendc.runtime.answer MODEL INPUTS.npz OUTPUTS.npz", file=sys.stderr)
        return 2
    model, inputs, outputs = words
    try:
        with np.load(inputs, allow_pickle=False) as file:
            feeds = {name: file[name] for name in file.files}
        with open_session(model) as session:
            answers = session.run_batched(feeds)
            print(json.dumps({"engine": session.engine, "simulated": " SIMULATED" in session.engine}))
    except (OSError, SessionError) as error:
        print("error: {}".format(error), file=sys.stderr)
        return FAILED
    np.savez(outputs, **answers)  # type: ignore[arg-type]  # a name is never `allow_pickle`
    return 0


if __name__ == "__main__":
    sys.exit(main())
