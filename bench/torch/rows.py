"""The works of `npm run bench -- --gpu` in PyTorch, on the same card: prints milliseconds by case as one JSON document.

    python3 bench/torch/rows.py [--device cuda] [--only NAME] > torch.json
    npm run bench -- --gpu --torch torch.json

Eager mode, f32 without TF32 unless a case is stored in f16. Needs torch 2 or newer.
"""

import argparse
import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional

SQUARES = [512, 1024, 2048, 4096, 8192]


def median_ms(run, device, rounds=20):
    """Milliseconds of one call: the median of rounds behind three that warm up, each waited for."""

    def wait():
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        elif device.startswith("mps"):
            torch.mps.synchronize()

    times = []
    for i in range(rounds + 3):
        wait()
        began = time.perf_counter()
        run()
        wait()
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times[3:])


def matmul(size, dtype, device):
    a = torch.rand(size, size, device=device, dtype=dtype)
    b = torch.rand(size, size, device=device, dtype=dtype)
    return lambda: torch.matmul(a, b)


def attention(heads, length, causal, backward, device, head_dim=64):
    shape = (1, heads, length, head_dim)
    query, key, value, gradient = (torch.rand(shape, device=device) for _ in range(4))
    if backward:
        for tensor in (query, key, value):
            tensor.requires_grad_(True)

    def run():
        out = functional.scaled_dot_product_attention(query, key, value, is_causal=causal)
        if backward:
            torch.autograd.grad(out, (query, key, value), gradient)

    return run


class Block(nn.Module):
    """A block with the norms of MAGNETO: one more inside attention and feed-forward."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.projections = nn.ModuleList(nn.Linear(width, width) for _ in range(4))
        self.norms = nn.ModuleList(nn.LayerNorm(size) for size in (width, width, width, 4 * width))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        query, key, value, out = self.projections

        def split(y):
            return y.view(batch, length, self.heads, -1).transpose(1, 2)

        h = self.norms[0](x)
        mixed = functional.scaled_dot_product_attention(split(query(h)), split(key(h)), split(value(h)), is_causal=True)
        x = x + out(self.norms[1](mixed.transpose(1, 2).reshape(batch, length, width)))
        return x + self.down(self.norms[3](functional.gelu(self.up(self.norms[2](x)))))


class Decoder(nn.Module):
    """Tied embedding, fixed positions, blocks, a last norm."""

    def __init__(self, layers, width, heads, length, vocabulary):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.register_buffer("positions", torch.rand(length, width))
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)), nn.LayerNorm(width))

    def forward(self, ids):
        x = self.embedding(ids) * self.embedding.embedding_dim**0.5 + self.positions
        return functional.linear(self.blocks(x), self.embedding.weight)


def training(layers, width, heads, length, batch, vocabulary, device):
    model = Decoder(layers, width, heads, length, vocabulary).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01)
    ids, labels = (torch.randint(vocabulary, (batch, length), device=device) for _ in range(2))

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(model(ids).flatten(0, 1), labels.flatten())
        loss.backward()
        optimizer.step()

    return run


def cases(device):
    """Names as in bench/cases.ts; each gives a function that does the work once."""
    for half, ending in ((False, ""), (True, "-f16")):
        for size in SQUARES:
            dtype = torch.float16 if half else torch.float32
            yield f"matmul-{size}x{size}x{size}-NN{ending}", lambda s=size, d=dtype: matmul(s, d, device)
    for causal in (False, True):
        for backward in (False, True):
            name = f"attention-16x1024{'-causal' if causal else ''}{'-backward' if backward else ''}"
            yield name, lambda c=causal, b=backward: attention(16, 1024, c, b, device)
    yield "training", lambda: training(4, 256, 4, 128, 4, 4096, device)
    yield "training-medium", lambda: training(24, 1024, 16, 512, 1, 50257, device)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    words = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.manual_seed(1)
    rows = {}
    for name, make in cases(words.device):
        if words.only in name:
            rows[name] = median_ms(make(), words.device)
            print(f"{name}: {rows[name]:.3f} ms", file=sys.stderr)
    json.dump(rows, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
