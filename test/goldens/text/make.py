"""Makes the tokenizer goldens of this folder with the libraries of reference.

    pip install tokenizers==0.23.2 sentencepiece==0.2.2
    python make.py ../../../../shared/tokenizer/tokenizer.json

tokenizer.json  a few hundred entries of the published KOSMOS-2 vocabulary with a 4 x 4 grid and a character map of
                a few rules, compiled by SentencePiece
tokenizer-cases.json  texts with the ids and the decoded text that the `tokenizers` library gives for that file and for
                variants of it; strings with what SentencePiece's own normaliser makes of them
"""

import base64
import copy
import json
import pathlib
import sys
import tempfile

import sentencepiece
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).parent

RULES = {
    "\t": " ", "\n": " ", "\r": " ", "\u00a0": " ", "\u3000": " ", "\u2581": " ", "\u200b": "", "\ufeff": "",
    "e\u0301": "é", "e\u0323": "ẹ", "e\u0323\u0302": "ệ", "\ufb01": "fi", "\u00bd": "1\u20442", "\u2026": "...",
    "\uff0c": ",", "\uff01": "!", "\uff21": "A", "\uff41": "a", "\uff1c": "<", "\uff53": "s", "\uff1e": ">",
}

TEXTS = [
    "", " ", " \n\t ", "a", ".", " .", "?", "a b", "a  b", " a b ", "\ta\nb\r\nc\t", "An image of a dog",
    "Describe this image in detail:", "It's 5 o'clock, isn't it?", "don't I'm you're they've he's", "...", "\u2026",
    "<phrase>", "< phrase>", "<phrase", "phrase>", "<Phrase>", "<patch_index_0000><patch_index_0015>",
    "<patch_index_0016>", "<patch_index_0>", "<grounding> An image of<phrase> a snowman</phrase><object>"
    "<patch_index_0001><patch_index_0010></object> warming himself by<phrase> a fire</phrase>.",
    "<grounding> <phrase> a snowman </phrase> .", "<phrase>a</phrase>, and", "a<grounding>b<grounding>c",
    "<image> <image> </image> hello", "x <mask> y", "x<mask>y", "<s>", "</s>", "a </s> b", "<pad><unk>", "<s>hello</s>",
    "café", "cafe\u0301", "ệ", "e\u0323", "\uff21\uff41\uff0c b\uff01", "\ufeffbom", "a\u200bb", "\ufb01ne", "\u00bd km",
    "a\u00a0b\u3000c", "a\u2028b", "a\u0085b", "\u2581", "\u2581\u2581a", "a\u2581b", "一只 ☃ a☃☃b", "😀😀 x", "zero\u0000null",
    "😀", "\"Quoted\" text, 'single' and so on", "www.example.com/path?query=1&x=2#frag", "</doc></chunk></line>",
    "<object><patch_index_0003> <patch_index_0004></delimiter_of_multi_objects/><patch_index_0005><patch_index_0006></object>",
    "xxxxxxxxxxxxyxxxxxxxxxxx", "<<<>>>", "<phrase><phrase>", "a <phrase>\n</phrase> b", "\u0301combining",
]

NORMALIZED = ["cafe\u0301", "e\u0323\u0302", "e\u0323x", "e", "\uff21\uff41", "a\u200b\ufeffb", "½…", "☃ \ufb01", "e\u0301\u0302", "", "\u3000\u0323"]

EXTRA_TOKENS = [
    {"content": "[IMG]", "lstrip": False, "rstrip": True, "normalized": False, "special": True},
    {"content": "[IMG2]", "lstrip": False, "rstrip": False, "normalized": False, "special": False},
    {"content": "caf\u00e9", "lstrip": True, "rstrip": False, "normalized": True, "special": False},
]
EXTRA_TEXTS = [
    "[IMG]  hello", "a [IMG]", "[IMG2] x", "[IMG][IMG2] [IMG] a", "a  cafe\u0301 b", "acafé.", "café café", "<phrase> [IMG] </phrase>",
]


def charsmap():
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf8") as rules:
        for source, target in RULES.items():
            rules.write(" ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target) + "\n")
        rules.flush()
        normalizer = sentencepiece.SentencePieceNormalizer(rule_tsv=rules.name)
    return normalizer, precompiled(normalizer.serialized_model_proto())


def fields(message):
    """Fields of a protocol buffer message: (number, value)."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
        else:
            size = varint() if kind == 2 else {1: 8, 5: 4}[kind]
            yield key >> 3, message[at:at + size]
            at += size


def precompiled(model):
    """normalizer_spec (3) . precompiled_charsmap (2)"""
    return dict(fields(dict(fields(model))[3]))[2]


def small_tokenizer(published, map_bytes):
    real = Tokenizer.from_str(json.dumps(published))
    vocab = published["model"]["vocab"]
    wanted = set(range(4, 154))
    wanted |= {id for id, (piece, _) in enumerate(vocab) if len(piece) == 1 and piece.isascii() or piece in "é▁1"}
    for text in TEXTS + EXTRA_TEXTS:
        wanted |= {id for id in real.encode(text, add_special_tokens=False).ids if 4 <= id < 64001}
    small = copy.deepcopy(published)
    small["normalizer"]["normalizers"][0]["precompiled_charsmap"] = base64.b64encode(map_bytes).decode()
    small["model"]["vocab"] = vocab[:4] + [vocab[id] for id in sorted(wanted)] + [["<mask>", 0.0]]
    kept = [token for token in published["added_tokens"] if not token["content"].startswith("<patch_index_")]
    patches = [token for token in published["added_tokens"] if token["content"].startswith("<patch_index_")][:16]
    mask = len(small["model"]["vocab"]) - 1
    for token in kept + patches:
        if token["id"] >= 64001:
            token["id"] += mask - 64001
    small["added_tokens"] = kept + patches
    return small


def clean_up(text):
    for old, new in [(" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
                     (" 's", "'s"), (" 've", "'ve"), (" 're", "'re")]:
        text = text.replace(old, new)
    return text


# No text here has two marks on one letter, or a mark on white space: there the `tokenizers` library loses marks, since its
# character map looks at whole grapheme clusters, and this project follows SentencePiece.
def cases(tokenizer_json, texts):
    tokenizer = Tokenizer.from_str(json.dumps(tokenizer_json))
    rows = []
    for text in texts:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        plain = tokenizer.decode(ids, skip_special_tokens=True)
        row = {"text": text, "ids": ids, "decoded": clean_up(plain), "decoded_without_cleanup": plain}
        row["decoded_with_special"] = tokenizer.decode(ids, skip_special_tokens=False)
        rows.append(row)
    return rows


def variant(tokenizer_json, patch, texts):
    return {"patch": patch, "cases": cases({**tokenizer_json, **patch}, texts)}


def main():
    published = json.load(open(sys.argv[1], encoding="utf8"))
    normalizer, map_bytes = charsmap()
    small = small_tokenizer(published, map_bytes)
    first = 1 + max(token["id"] for token in small["added_tokens"])
    extra = [{"id": first + i, "single_word": False, **token} for i, token in enumerate(EXTRA_TOKENS)]
    metaspace = {"type": "Metaspace", "replacement": "▁", "split": True}
    golden = {
        "base": variant(small, {}, TEXTS),
        "metaspace only": variant(small, {"pre_tokenizer": {**metaspace, "prepend_scheme": "always"}}, TEXTS),
        "never prepended": variant(small, {
            "pre_tokenizer": {**metaspace, "prepend_scheme": "never"},
            "decoder": {**metaspace, "prepend_scheme": "never"},
        }, TEXTS),
        "not split": variant(small, {
            "pre_tokenizer": {**metaspace, "prepend_scheme": "always", "split": False},
        }, TEXTS),
        "more added tokens": variant(small, {"added_tokens": small["added_tokens"] + extra}, TEXTS + EXTRA_TEXTS),
        "no normalizer": variant(small, {"normalizer": None}, TEXTS),
    }
    normalized = [[text, normalizer.normalize(text)] for text in NORMALIZED]
    write("tokenizer.json", small)
    write("tokenizer-cases.json", {"variants": golden, "normalized": normalized})


def write(name, value):
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    (HERE / name).write_text(text + "\n", encoding="utf8")


main()
