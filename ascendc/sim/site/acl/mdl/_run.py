"""Running models."""

from ascendc.sim.device.execution import Execution
from ascendc.sim.session import call, machine


@call("Ikk")
def execute(model: int, inputs: int, outputs: int) -> None:
    """``aclmdlExecute``: returns when it is done; makes the buffers of outputs whose address is null."""
    Execution(machine(), model, inputs, outputs).run(allocate=True)


@call("Ikkk")
def execute_async(model: int, inputs: int, outputs: int, stream: int) -> None:
    """``aclmdlExecuteAsync``: when somebody waits for the stream; inputs are read then."""
    execution = Execution(machine(), model, inputs, outputs)
    execution.promise()
    machine().contexts.stream(stream).put(execution.run)
