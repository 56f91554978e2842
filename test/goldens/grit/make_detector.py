"""Makes `detector/`: a very small detector in the shape of OWLv2 with random weights, as Transformers.js loads one.

A picture of 32 x 32 pixels becomes 16 patches, each with a vector of 8 numbers; a phrase is the mean of its words' vectors. The logit of
a patch and a phrase is their dot product, and the box of a patch comes from its vector. Needs `onnx` and `numpy`.
"""
import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).parent / "detector"
WORDS = ["<unk>", "<pad>", "a", "the", "red", "blue", "dog", "cat", "star", "ring"]
WIDTH, PATCH, SIDE = 8, 8, 32

random = np.random.default_rng(1)


def weights(name, *shape, scale=1.0):
    return numpy_helper.from_array((random.standard_normal(shape) * scale).astype(np.float32), name)


def number(name, values):
    return numpy_helper.from_array(np.array(values, dtype=np.int64), name)


def node(kind, inputs, output, **attributes):
    return helper.make_node(kind, inputs, [output], **attributes)


graph = helper.make_graph(
    [
        node("Conv", ["pixel_values", "patches"], "grid", kernel_shape=[PATCH, PATCH], strides=[PATCH, PATCH]),
        node("Reshape", ["grid", "flat"], "columns"),
        node("Transpose", ["columns"], "vectors", perm=[0, 2, 1]),
        node("Gather", ["words", "input_ids"], "embedded"),
        node("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT),
        node("Unsqueeze", ["mask", "last"], "mask3"),
        node("Mul", ["embedded", "mask3"], "masked"),
        node("ReduceSum", ["masked", "middle"], "phrases", keepdims=0),
        node("Transpose", ["phrases"], "columnsOfPhrases", perm=[1, 0]),
        node("MatMul", ["vectors", "columnsOfPhrases"], "logits"),
        node("MatMul", ["vectors", "corners"], "raw"),
        node("Sigmoid", ["raw"], "pred_boxes"),
    ],
    "detector",
    [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["phrases", "length"]),
        helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["phrases", "length"]),
        helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, [1, 3, SIDE, SIDE]),
    ],
    [
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, "boxes", "labels"]),
        helper.make_tensor_value_info("pred_boxes", TensorProto.FLOAT, [1, "boxes", 4]),
    ],
    [
        weights("patches", WIDTH, 3, PATCH, PATCH, scale=0.1),
        weights("words", len(WORDS), WIDTH),
        weights("corners", WIDTH, 4),
        number("flat", [1, WIDTH, -1]),
        number("last", [2]),
        number("middle", [1]),
    ],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, FOLDER / "onnx" / "model.onnx")


def write(name, content):
    (FOLDER / name).write_text(json.dumps(content, indent=1) + "\n")


write("config.json", {"model_type": "owlv2", "architectures": ["Owlv2ForObjectDetection"]})
write(
    "preprocessor_config.json",
    {
        "image_processor_type": "Owlv2ImageProcessor",
        "do_resize": True,
        "size": {"height": SIDE, "width": SIDE},
        "resample": 2,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    },
)
write(
    "tokenizer.json",
    {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {word: i for i, word in enumerate(WORDS)}, "unk_token": "<unk>"},
    },
)
write(
    "tokenizer_config.json",
    {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "<pad>", "unk_token": "<unk>", "model_max_length": 16},
)
