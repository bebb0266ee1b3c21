"""Datasets: the buffers of one run, and what is said about them."""

from dataclasses import replace

from ascendc.sim.device.codes import INVALID_PARAM, AclError
from ascendc.sim.device.objects import Dataset
from ascendc.sim.session import call, machine, plain


@plain("", 0)
def create_dataset() -> int:
    """``aclmdlCreateDataset``."""
    return machine().datasets.add(Dataset())


@call("k")
def destroy_dataset(dataset: int) -> None:
    """``aclmdlDestroyDataset``; its buffers stay."""
    machine().destroy_dataset(dataset)


@call("kk", lambda dataset, buffer: dataset)
def add_dataset_buffer(dataset: int, buffer: int) -> int:
    """``aclmdlAddDatasetBuffer``: in the order of the inputs or outputs."""
    machine().buffers.get(buffer)
    machine().datasets.get(dataset).buffers.append(buffer)
    return dataset


@plain("k", 0)
def get_dataset_num_buffers(dataset: int) -> int:
    """``aclmdlGetDatasetNumBuffers``."""
    return len(machine().datasets.get(dataset).buffers)


@plain("kk", 0)
def get_dataset_buffer(dataset: int, index: int) -> int:
    """``aclmdlGetDatasetBuffer``."""
    buffers = machine().datasets.get(dataset).buffers
    return buffers[index] if index < len(buffers) else 0


@call("kkk", lambda dataset, desc, index: dataset)
def set_dataset_tensor_desc(dataset: int, desc: int, index: int) -> int:
    """``aclmdlSetDatasetTensorDesc``: the description is copied, and holds until it is replaced; 0 takes it away."""
    found = machine().datasets.get(dataset)
    if index >= len(found.buffers):
        raise AclError(INVALID_PARAM, f"index {index} is not below {len(found.buffers)}, the buffers of the dataset")
    machine().describe(found, index, replace(machine().tensors.get(desc)) if desc else None)
    return dataset


@plain("kk", 0)
def get_dataset_tensor_desc(dataset: int, index: int) -> int:
    """``aclmdlGetDatasetTensorDesc``: it belongs to the dataset; 0 where there is none."""
    return machine().datasets.get(dataset).descs.get(index, 0)
