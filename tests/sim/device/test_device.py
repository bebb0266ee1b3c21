"""What the simulated device is strict about, through the calls of pyACL."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from ascendc.sim import session
from ascendc.sim.device.memory import FRESH, view

H2D, D2H = 1, 2


def test_init_is_once_and_finalize_too(simulated):
    acl = simulated()
    assert [acl.init(), acl.init()] == [0, 100002]
    assert [acl.finalize(), acl.finalize()] == [0, 100037]
    assert acl.rt.set_device(0) == 100001


def test_fresh_memory_is_aligned_and_holds_no_zeros(acl):
    api = acl()
    address, code = api.rt.malloc(100, 0)
    assert (code, address % 64) == (0, 0)
    assert bytes(view(address, 100)) == bytes([FRESH]) * 100


def test_memory_is_freed_once_and_by_its_own_call(acl):
    api = acl()
    address, _ = api.rt.malloc(8, 0)
    assert api.rt.free_host(address) == 107000
    assert [api.rt.free(address), api.rt.free(address)] == [0, 107000]
    assert "freed twice?" in api.get_recent_err_msg()
    assert api.get_recent_err_msg() is None


def test_copies_stay_inside_and_say_the_right_direction(acl):
    api = acl()
    array = np.arange(4, dtype=np.float32)
    address, _ = api.rt.malloc(16, 0)
    assert api.rt.memcpy(address, 16, array.ctypes.data, 16, H2D) == 0
    assert api.rt.memcpy(address, 8, array.ctypes.data, 16, H2D) == 107000
    assert api.rt.memcpy(address, 32, array.ctypes.data, 32, H2D) == 107000
    assert "reach 16 too far" in api.get_recent_err_msg()
    assert api.rt.memcpy(address, 16, array.ctypes.data, 16, D2H) == 107000


def test_a_wrong_direction_is_a_warning_where_nothing_is_strict(acl):
    """Programs that ran on cards have such copies."""
    api = acl(strict=0)
    array, (address, _) = np.arange(4, dtype=np.float32), api.rt.malloc(16, 0)
    assert api.rt.memcpy(address, 16, array.ctypes.data, 16, D2H) == 0
    assert session.machine().warnings == ["a copy that is said to be device to host is not"]
    assert api.util.ptr_to_bytes(address, 16) == array.tobytes()


def test_a_thread_inherits_no_context(acl):
    import threading

    api = acl()
    codes = []
    thread = threading.Thread(target=lambda: codes.append(api.rt.malloc(8, 0)[1]))
    thread.start()
    thread.join()
    assert codes == [107002]


def test_what_is_in_a_stream_runs_when_it_is_waited_for(acl):
    api = acl()
    stream, _ = api.rt.create_stream()
    source, target = np.arange(4, dtype=np.float32), np.zeros(4, np.float32)
    address, _ = api.rt.malloc(16, 0)
    assert api.rt.memcpy_async(address, 16, source.ctypes.data, 16, H2D, stream) == 0
    source[:] = 7  # changed before the copy was made: the copy sees it
    assert api.rt.synchronize_stream(stream) == 0
    assert api.rt.memcpy(target.ctypes.data, 16, address, 16, D2H) == 0
    assert target.tolist() == [7.0] * 4


def test_a_gear_that_was_not_compiled(acl, write_om):
    api = acl()
    model, _ = api.mdl.load_from_file(str(write_om(gears=(1, 4))))
    dataset = api.mdl.create_dataset()
    for size in (48, 4):
        address, _ = api.rt.malloc(size, 0)
        api.mdl.add_dataset_buffer(dataset, api.create_data_buffer(address, size))
    assert api.mdl.set_dynamic_batch_size(model, dataset, 1, 4) == 0
    assert api.mdl.set_dynamic_batch_size(model, dataset, 1, 3) == 145013
    assert api.mdl.set_dynamic_batch_size(model, dataset, 1, 0) == 100000
    assert api.mdl.set_dynamic_batch_size(model, dataset, 0, 4) == 100000


def test_handles_are_of_one_kind_and_die_once(acl):
    api = acl()
    dataset, buffer = api.mdl.create_dataset(), api.create_data_buffer(0, 0)
    assert api.mdl.destroy_dataset(buffer) == 100000
    assert [api.mdl.destroy_dataset(dataset), api.mdl.destroy_dataset(dataset)] == [0, 100000]


def test_what_is_alive_at_the_end_is_counted(acl):
    api = acl()
    api.rt.malloc(8, 0)
    api.mdl.create_dataset()
    with pytest.raises(session.LeakError, match="1 × device memory, 1 × dataset, 1 × device"):
        api.finalize()


def test_memory_for_pictures_is_the_devices(acl):
    api = acl()
    address, code = api.media.dvpp_malloc(16)
    assert (code, session.machine().memory.on_device(address)) == (0, True)
    assert [api.media.dvpp_free(address), api.media.dvpp_free(address)] == [0, 107000]


def test_pictures_in_hardware_are_not_simulated(acl):
    with pytest.raises(NotImplementedError, match=r"acl\.media\.dvpp_create_channel is not simulated"):
        acl().media.dvpp_create_channel(1)


def test_files_that_hold_no_graph_do_not_load(acl, write_om, tmp_path):
    api = acl()
    meta = {"inputs": [], "outputs": [], "name": "m"}
    with zipfile.ZipFile(tmp_path / "m.om2", "w") as archive:
        archive.writestr("manifest.json", json.dumps({"om2_version": "0", "model_num": "1", "atc_command": ""}))
        archive.writestr("data/model_0/model_meta.json", json.dumps(meta))
    assert api.mdl.load_from_file(str(tmp_path / "m.om2")) == (0, 545001)
    assert "m.om2 was not made by the simulated ATC: it holds no graph" in api.get_recent_err_msg()
    om = write_om()
    data = om.read_bytes()
    assert data.count(b'"inputs": ["x"]') == 1
    om.write_bytes(data.replace(b'"inputs": ["x"]', b'"inputs": ["z"]'))
    assert api.mdl.load_from_file(str(om)) == (0, 545001)
    assert "model.om is damaged: its plan is of another graph" in api.get_recent_err_msg()
