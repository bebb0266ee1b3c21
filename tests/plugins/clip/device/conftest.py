"""A CLIP that can be followed by hand: an image is its mean colour, a text the sum of its words' colours."""

import json

import numpy as np
import pytest


@pytest.fixture(scope="session")
def clip(device_half):
    """The device half."""
    return device_half("clip")


@pytest.fixture(scope="session")
def vocabulary():
    """CLIP's kind of tokenizer, trained on a handful of texts: (vocabulary, merges)."""
    pytest.importorskip("tokenizers")
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(
        models.BPE(unk_token="<|endoftext|>", continuing_subword_prefix="", end_of_word_suffix="</w>")
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"'s|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        initial_alphabet=letters,
        end_of_word_suffix="</w>",
        special_tokens=["<|startoftext|>", "<|endoftext|>"],
        show_progress=False,
    )
    corpus = ["a red square", "a green circle", "a photo of a blue cat's tail", "привет мир", "你好，世界", "2024"] * 20
    tokenizer.train_from_iterator(corpus, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    vocab = dict(model["vocab"])
    for letter in letters:  # a byte at the end of a word, which training may not have met
        vocab.setdefault(letter + "</w>", len(vocab))
    merges = [tuple(merge.split(" ")) if isinstance(merge, str) else tuple(merge) for merge in model["merges"]]
    return vocab, merges


@pytest.fixture(scope="session")
def write_tokenizer(vocabulary):
    """Write a ``tokenizer.json`` as transformers' CLIPTokenizer builds it."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    vocab, merges = vocabulary

    def write(path):
        tokenizer = Tokenizer(
            models.BPE(
                vocab=vocab,
                merges=merges,
                continuing_subword_prefix="",
                end_of_word_suffix="</w>",
                unk_token="<|endoftext|>",
            )
        )
        tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
        )
        words = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(words), behavior="removed", invert=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False),
            ]
        )
        tokenizer.post_processor = processors.RobertaProcessing(
            ("<|endoftext|>", vocab["<|endoftext|>"]), ("<|startoftext|>", vocab["<|startoftext|>"]), False, False
        )
        tokenizer.save(str(path))

    return write


@pytest.fixture
def assets(tmp_path, vocabulary, write_tokenizer):
    """The assets of a bundle with both parts."""
    vocab, _ = vocabulary
    folder = tmp_path / "assets"
    folder.mkdir()
    pictures = {"height": 8, "width": 8, "resize": "shortest-edge", "resize_to": 8, "interpolation": "bicubic"}
    (folder / "preprocess.json").write_text(json.dumps(dict(pictures, mean=[0.0] * 3, std=[1.0] * 3)))
    frame = {"context_length": 12, "bos": vocab["<|startoftext|>"], "eos": vocab["<|endoftext|>"], "pad": 9}
    (folder / "clip.json").write_text(json.dumps(dict(frame, logit_scale=20.0, input_dtype="int32")))
    write_tokenizer(folder / "tokenizer.json")
    return folder


@pytest.fixture
def write_part(tmp_path, vocabulary):
    """Write the ONNX file of a part; `raw`: as an OM with AIPP, it takes pixels and has no fixed batch."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    vocab, _ = vocabulary
    table = np.full((len(vocab), 3), 0.01, np.float32)
    for i, word in enumerate(("red", "green", "blue")):
        table[vocab[word + "</w>"], i] = 100

    def write(part, batch="batch", raw=False):
        value = helper.make_tensor_value_info
        if part == "text":
            nodes = [
                helper.make_node("Gather", ["table", "input_ids"], ["words"]),
                helper.make_node("ReduceSum", ["words", "axis"], ["text_embeds"], keepdims=0),
            ]
            inputs = [value("input_ids", TensorProto.INT32, [batch, 12])]
        elif raw:
            nodes = [
                helper.make_node("Cast", ["pixel_values"], ["floats"], to=TensorProto.FLOAT),
                helper.make_node("ReduceMean", ["floats"], ["image_embeds"], axes=[1, 2], keepdims=0),
            ]
            inputs = [value("pixel_values", TensorProto.UINT8, [batch, 8, 8, 3])]
        else:
            nodes = [helper.make_node("ReduceMean", ["pixel_values"], ["image_embeds"], axes=[2, 3], keepdims=0)]
            inputs = [value("pixel_values", TensorProto.FLOAT, [batch, 3, 8, 8])]
        weights = [numpy_helper.from_array(table, "table"), numpy_helper.from_array(np.array([1]), "axis")]
        outputs = [value(part + "_embeds", TensorProto.FLOAT, [batch, 3])]
        graph = helper.make_graph(nodes, part, inputs, outputs, weights if part == "text" else [])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
        onnx.checker.check_model(model)
        path = tmp_path / "{}-{}{}.onnx".format(part, batch, "-raw" if raw else "")
        onnx.save(model, str(path))
        return path

    return write
