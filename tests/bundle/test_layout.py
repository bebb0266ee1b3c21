from ascendc.bundle import layout


def test_equal_graphs_share_a_file_and_others_are_numbered():
    names = layout.onnx_names([("image", "a"), ("text", "t"), ("image", "b"), ("image", "a"), ("image", "c")])
    assert names == (
        "models/image.onnx",
        "models/text.onnx",
        "models/image-2.onnx",
        "models/image.onnx",
        "models/image-3.onnx",
    )


def test_tensor_names_become_distinct_safe_file_names():
    names = layout.file_names(("/embed/out:0", "embed_out_0", "图像", "a b;$(x)", "..", "x" * 200))
    assert names == ("embed_out_0", "embed_out_0_1", "2", "a_b_x", "4", "x" * 80)
