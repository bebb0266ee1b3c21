"""Return codes of AscendCL that the simulator gives (CANN 8.1 headers)."""

from __future__ import annotations

SUCCESS = 0
INVALID_PARAM = 100000
UNINITIALIZED = 100001
REPEAT_INITIALIZE = 100002
INVALID_FILE = 100003
MODEL_ID_UNKNOWN = 100011
PARSE_MODEL = 100013
INPUTS_MISMATCH = 100017
OUTPUTS_MISMATCH = 100018
NOT_DYNAMIC = 100019
REPEAT_FINALIZE = 100037
API_NOT_SUPPORTED = 200001
GE_FAILURE = 500002
GE_PARAM = 145000
GE_DATA_SIZE = 145006
GE_GEAR_LENGTH = 145012
GE_GEAR_VALUE = 145013
GE_SHAPE = 145021
GE_LOAD = 545001
RT_PARAM = 107000
RT_DEVICE_ID = 107001
RT_NO_CONTEXT = 107002
RT_STREAM_CONTEXT = 107003
RT_HANDLE = 107017
RT_OUT_OF_MEMORY = 207018
RT_SOC_VERSION = 507008
RT_AICORE_EXCEPTION = 507015
RT_DRIVER = 507899


class AclError(Exception):
    """A call that fails: its return code, and what ``get_recent_err_msg`` will say."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
