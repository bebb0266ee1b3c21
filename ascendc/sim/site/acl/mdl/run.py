"""Running models."""

from ascendc.sim.session import call, machine


@call()
def execute(model: int, inputs: int, outputs: int) -> None:
    """``aclmdlExecute``: returns when it is done."""
    found, fed, given, dataset = machine().plan_run(model, inputs, outputs)
    machine().run(found, fed, given, dataset)


@call()
def execute_async(model: int, inputs: int, outputs: int, stream: int) -> None:
    """``aclmdlExecuteAsync``: when somebody waits for the stream; inputs are read then."""
    found, fed, given, dataset = machine().plan_run(model, inputs, outputs)
    this = machine()
    this.contexts.stream(stream).put(lambda: this.run(found, fed, given, dataset))
