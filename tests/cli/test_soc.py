import io
import json
import sys
from pathlib import Path

import jsonschema
import pytest

from ascendc.cli.soc import schema_text

SCHEMA = Path(__file__).parents[2] / "docs" / "soc.schema.json"
DUO = "| 0  310P3 | OK | 1 |\n| 0  0 | 0000:01:00.0 | 0 |\n| 1  310P3 | OK | 1 |\n"


def test_the_overview_has_every_family_and_its_traps(ascendc):
    ran = ascendc("soc")
    assert (ran.code, ran.err) == (0, "")
    rows = {line.split()[0]: line.split() for line in ran.out.splitlines() if line.startswith("  Ascend")}
    assert rows["Ascend310"][1:] == ["310", "2", "11.1", "?", "51.2*", "no", "yes"]
    assert rows["Ascend310P{1,3,5,7}"][1:] == ["310P", "8–10", "36.0–86.8", "24", "GB", "74.8*–204*", "no", "yes"]
    assert rows["Ascend910_95"][-3:] == ["1636.8*", "yes", "no"]
    assert "As an exact name, Ascend910B is a first-generation 910" in ran.out
    assert "SD3403" in ran.out


def test_one_chip(ascendc):
    ran = ascendc("soc", "310b4")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "Ascend310B4 (310B): Atlas 200I and 500 A2 inference products: Atlas 200I DK A2 (B4, 8 TOPS), Atlas 200I A2",
        "  and 500 A2 (mostly B1, 20 TOPS)",
        "  ATC        --soc_version=Ascend310B4, in this spelling; npu-smi shows 310B4",
        "  recipe     targets: [{soc: Ascend310B4}]",
        "  cores      1 that multiply matrices, at 500 MHz",
        "  fp16       4.1 TFLOPS (derived: 1 × 4096 multiply-accumulates × 2 × 500 MHz) · 4 TFLOPS (spec: Atlas",
        "             200I DK A2 product page)",
        "  int8       8.19 TOPS (derived: 1 × 8192 multiply-accumulates × 2 × 500 MHz) · 8 TOPS (spec: Atlas 200I",
        "             DK A2 product page)",
        "  memory     not in CANN's platform list; npu-smi info shows the board's",
        "  bandwidth  25.6 GB/s (spec: Atlas 200I DK A2 product page: LPDDR4X-3200 × 64 bit)",
        "  bf16       yes",
        "  AIPP       YUV420SP_U8, XRGB8888_U8, RGB888_U8, YUV400_U8 (undocumented: RAW8, RAW10, RAW12, RAW14,",
        "             RAW16); odd crops of YUV420SP too; at most 1080 pixels wide after padding",
        "  shapes     fixed or gears; no -1, no ranges",
        "  options    --sparsity; without effect or refused: --virtual_type=1, --core_type=VectorCore,",
        "             --enable_single_stream, HiF8 modes",
        "  operators  folder ascend310b of CANN",
        "  OM         promised to load on the exact chip only that it was compiled for; newer runtimes compare no",
        "             more than the architecture, which a family shares, though cores and memory differ",
        "  CANN       no last version is known",
        "Basis of figures: spec: a product page; derived: CANN's platform list",
    ]  # fmt: skip


def test_a_family_shows_its_chips_and_what_they_share(ascendc):
    ran = ascendc("soc", "910B")
    lines = ran.out.splitlines()
    assert ran.code == 0
    assert lines[0].startswith("`910B` is the name of a first-generation 910;")
    names = [line.split()[0] for line in lines if line.startswith("  Ascend910B") and "(" in line]
    assert names == [
        "Ascend910B1",
        "Ascend910B2",
        "Ascend910B2C",
        "Ascend910B3",
        "Ascend910B4",
        "Ascend910B4-1",
        "Ascend910B",
    ]
    assert "  bf16       yes" in lines


def test_an_a3_says_where_its_name_stands(ascendc):
    said = " ".join(ascendc("soc", "910_9391").out.split())
    assert "npu-smi shows Ascend910, and NPU Name 9391 on its board page" in said


def test_the_last_cann_of_a_chip(ascendc):
    assert "  CANN       8.2 is the last that compiles for it\n" in ascendc("soc", "310").out


def test_an_unknown_name_is_refused(ascendc):
    ran = ascendc("soc", "410")
    assert ran.code == 2
    assert ran.err.startswith(
        "ascendc: ASC1211 unknown SoC `410` (did you mean `Ascend610` or `Ascend310`?); allowed: "
    )


@pytest.mark.parametrize("origin", ["file", "-"])
def test_a_saved_output_of_npu_smi(ascendc, tmp_path, monkeypatch, origin):
    if origin == "file":
        origin = tmp_path / "npu-smi.txt"
        origin.write_text(DUO)
    else:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DUO.encode())))
    ran = ascendc("soc", "--npu-smi", origin)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "Ascend310P3 × 2  (npu-smi says 310P3)",
        "  ATC      --soc_version=Ascend310P3",
        "  recipe   targets: [{soc: Ascend310P3}]",
        "  more     ascendc soc Ascend310P3",
    ]


@pytest.mark.parametrize("content", [b"", b"\0\xff" * 1000, b"no table"])
def test_a_file_without_a_chip_is_refused(ascendc, tmp_path, content):
    file = tmp_path / "saved"
    file.write_bytes(content)
    ran = ascendc("soc", "--npu-smi", file)
    assert (ran.code, ran.err) == (
        2,
        f"ascendc: ASC1213 {file} shows no chip as npu-smi does\n  hint: npu-smi info > npu-smi.txt  (on the board)\n",
    )


def test_a_file_that_is_not_there(ascendc, tmp_path):
    ran = ascendc("soc", "--npu-smi", tmp_path / "none")
    assert (ran.code, ran.err) == (2, f"ascendc: ASC1215 `{tmp_path}/none` cannot be read: No such file or directory\n")


def test_a_chip_that_is_in_no_table_is_named_as_unknown(ascendc, tmp_path):
    file = tmp_path / "saved"
    file.write_text("| 0 | Ascend950PR | OK | 1 |\nNPU ID : 0\nNPU Name : 9579\nChip Name : Ascend950PR\n")
    ran = ascendc("soc", "--npu-smi", file)
    assert ran.code == 5
    assert ran.out == (
        "unknown `Ascend950PR_9579`  (npu-smi says Ascend950PR_9579: no SoC of CANN 8.1 is called that; a newer CANN "
        "may know it)\n"
    )


def test_here_without_an_npu(ascendc, tmp_path, monkeypatch):
    (tmp_path / "bash").symlink_to("/bin/bash")
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = ascendc("soc", "--here")
    assert ran.code == 5
    assert ran.err.startswith("ascendc: ASC1231 no NPU is here: npu-smi is not on the PATH; ")


@pytest.mark.parametrize("arguments", [("310", "--here"), ("--here", "--npu-smi", "-"), ("310", "--npu-smi", "-")])
def test_one_question_at_a_time(ascendc, arguments):
    ran = ascendc("soc", *arguments)
    assert (ran.code, ran.err) == (
        2,
        "ascendc: ASC1214 only one of NAME, --here and --npu-smi may be given\n  hint: ascendc soc --here\n",
    )


def test_the_schema_is_the_one_in_docs():
    assert SCHEMA.read_text() == schema_text()


@pytest.mark.parametrize("arguments", [(), ("310P3",), ("910B",), ("--npu-smi",)])
def test_the_json_keeps_to_the_schema(ascendc, tmp_path, arguments):
    (tmp_path / "saved").write_text(DUO)
    ran = ascendc("soc", *arguments, *([tmp_path / "saved"] if arguments == ("--npu-smi",) else []), "--json")
    record = json.loads(ran.out)
    jsonschema.validate(record, json.loads(SCHEMA.read_text()))
    assert record["version"] == "1"
    assert len(record["socs"]) == {(): 45, ("310P3",): 1, ("910B",): 7, ("--npu-smi",): 1}[arguments]


def test_the_facts_of_a_chip_in_json(ascendc):
    [chip] = json.loads(ascendc("soc", "310P3", "--json").out)["socs"]
    assert chip["soc"]["bandwidth"] == {
        "value": 204,
        "basis": "quoted",
        "note": "half of an Atlas 300I Duo card: 408 GB/s",
    }
    assert (chip["short_opp"], chip["soc"]["bf16"], chip["soc"]["virtual"]) == ("ascend310p", False, [1, 2, 4])


def test_a_product_is_said_to_have_what_its_family_usually_has(ascendc):
    note = " ".join(ascendc("soc", "Atlas 300I Pro").out.split("\n\n")[0].split())
    assert note == (
        "`Atlas 300I Pro` stands for several chips: npu-smi info shows which one a board has; "
        "`Ascend310P` is taken as Ascend310P3, as on the Atlas 300I Pro, 300V and 300I Duo."
    )
    assert "taken as" not in ascendc("soc", "200I DK A2").out


@pytest.mark.parametrize("name", ["pro", "Duo", "two chips", "8", "20 TOPS", "atlas", "", " "])
def test_words_that_name_no_product(ascendc, name):
    ran = ascendc("soc", name)
    assert (ran.code, ran.err.split()[1]) == (2, "ASC1211")


def test_a_family_does_not_show_one_chip_s_virtual_npus_as_its_own(ascendc):
    said = " ".join(ascendc("soc", "Ascend310P").out.split())
    assert "--virtual_type=1 (each chip has its own numbers of cores)" in said
    assert "--virtual_type=1 (1, 2, 4 cores)" in " ".join(ascendc("soc", "310P3").out.split())


def test_a_family_explains_the_bases_that_it_shows(ascendc):
    said = " ".join(ascendc("soc", "310B").out.split())
    assert said.endswith(
        "Basis of figures: spec: a product page; quoted: a figure in circulation, page not checked; "
        "derived: CANN's platform list; hint: the compiler's cost model, no physical bandwidth"
    )
    assert "quoted" not in ascendc("soc", "a3").out


def test_what_only_the_press_says_is_no_product_page_s(ascendc):
    """Figures of the Atlas 300I Duo are the press's (data/soc.json)."""
    out = " ".join(ascendc("soc", "310P3").out.split())
    assert "204 GB/s (quoted: half of an Atlas 300I Duo card: 408 GB/s)" in out
    assert "a product page" not in out


def test_a_name_of_any_length(ascendc):
    ran = ascendc("soc", "9" * 100_000)
    assert f"unknown SoC `{'9' * 60}…`; allowed: " in ran.err
    assert len(ran.err) < 1000
