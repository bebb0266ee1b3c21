from __future__ import annotations

import json

import pytest

from ascendc.cann import platforms
from ascendc.cann.platforms import Platform

INI = """[version]
SoC_version={name}
Short_SoC_version={short}
Arch_type={arch}
[SoCInfo]
ai_core_cnt={cores}
{more}
[AICoreSpec]
cube_freq={mhz}
cube_m_size=16
cube_n_size=16
cube_k_size={k}
[DtypeMKN]
Default=16,16,16
DT_INT8=16,32,16
[AICoreintrinsicDtypeMap]
0=Intrinsic_vadd|float16
1=Intrinsic_vconv|f322f16,{conversion}
2=Intrinsic_vconv|twice
"""


@pytest.fixture
def cann(tmp_path):
    folder = tmp_path / "cann" / "aarch64-linux" / "data" / "platform_config"
    folder.mkdir(parents=True)

    def add(name, short, *, arch=1, cores=8, mhz=1060, k=16, more="", conversion="deq"):
        fields = {"name": name, "short": short, "arch": arch, "cores": cores, "mhz": mhz, "k": k, "more": more}
        (folder / f"{name}.ini").write_text(INI.format(**fields, conversion=conversion))

    add.home, add.folder = tmp_path / "cann", folder
    return add


def test_a_chip_as_the_list_has_it(cann):
    cann("Ascend910B3", "Ascend910B", arch=4, cores=20, more="cube_core_cnt=24\nmemory_size=64\nvir_type_list=5,10")
    assert platforms.read(cann.folder) == (
        Platform("Ascend910B3", "Ascend910B", 4, 24, 1060, 4096, 8192, 64, False, (5, 10)),
    )


def test_a_small_core_has_no_more_than_its_cube(cann):
    cann("Tiny", "Tiny", k=8)
    [found] = platforms.read(cann.folder)
    assert (found.fp16_macs, found.int8_macs) == (2048, 4096)


def test_bf16_is_a_conversion(cann):
    cann("One", "One", conversion="f322bf16r")
    cann("Two", "Two", conversion="xf322bf16")
    assert [found.bf16 for found in platforms.read(cann.folder)] == [True, False]


def test_what_is_no_platform_is_passed_over(cann):
    (cann.folder / "a.ini").write_bytes(b"\xff\x00")
    (cann.folder / "b.ini").write_text("[version]\nSoC_version=x\n")
    (cann.folder / "c.ini").write_text(
        INI.format(name="C", short="C", arch=1, cores="many", mhz=1, k=1, more="", conversion="")
    )
    assert platforms.read(cann.folder) == ()


def test_the_table_is_made_of_the_list_and_of_what_no_list_has(cann, tmp_path):
    cann("Ascend310P3", "Ascend310P", mhz=1500, more="memory_size=1000")
    cann("Ascend990X1", "Ascend990X", arch=99, conversion="f322bf16r")
    assert platforms.main([str(tmp_path)], {"ASCEND_HOME_PATH": str(cann.home)}) == 0
    new = json.loads((tmp_path / "soc.json").read_text())
    ours = json.loads(platforms._TABLE.read_text())
    assert new["source"]["platform list"].startswith(f"CANN at {cann.home}: names, ")
    assert new["schema"] == ours["schema"]
    known, unknown = new["socs"]
    [before] = [soc for soc in ours["socs"] if soc["name"] == "Ascend310P3"]
    assert (known["mhz"], known["memory"]["value"], known["bandwidth"]) == (1500, 1000, before["bandwidth"])
    assert unknown == {
        "name": "Ascend990X1",
        "short": "Ascend990X",
        "cores": 8,
        "mhz": 1060,
        "fp16_macs": 4096,
        "int8_macs": 8192,
    }
    old, fresh = new["families"]
    assert old["products"] == {family["short"]: family for family in ours["families"]}["Ascend310P"]["products"]
    assert fresh == {
        "short": "Ascend990X",
        "series": "not known to ascendc",
        "aipp_formats": [],
        "bf16": True,
        "arch": 99,
    }


def test_a_table_made_anew_is_one_that_is_read(cann, tmp_path, monkeypatch):
    from ascendc.cann import soc

    cann("Ascend990X1", "Ascend990X", conversion="f322bf16r")
    platforms.main([str(tmp_path)], {"ASCEND_HOME_PATH": str(cann.home)})
    monkeypatch.setattr(soc, "_DATA", tmp_path / "soc.json")
    table = soc.table.__wrapped__()
    assert table["Ascend990X1"].bf16
    assert table["Ascend990X1"].fp16_tflops == 8 * 4096 * 2 * 1060 / 1e6


@pytest.mark.parametrize("arguments", [[], ["no such folder"]])
def test_without_a_cann_or_a_folder_it_says_how_it_is_used(arguments, capsys):
    assert platforms.main(arguments, {}) == 2
    assert "source set_env.sh; python -m ascendc.cann.platforms FOLDER" in capsys.readouterr().err
