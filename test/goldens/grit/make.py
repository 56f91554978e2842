"""Makes spacy.json: what spaCy 3.8 finds in random trees with the labels of its English models. Needs the package spacy, no model.

    pip install spacy && python make.py

Each case is Doc.to_json() of a text of invented words, with `noun_chunks` ([start, end, end of the noun's subtree]) as spaCy gives them;
the subtree is cut at its last token that is neither punctuation nor space, and is null where the noun is coordinated.
"""
import json
import random

import spacy
from spacy.tokens import Doc

DEPS = 'nsubj nsubjpass dobj pobj pcomp dative appos attr oprd conj conj cc prep det amod compound poss punct relcl advmod npadvmod'.split()
POS = 'NOUN NOUN NOUN PROPN PRON VERB ADJ ADP DET ADV PUNCT CCONJ NUM'.split()
WORDS = 'a dog café 犬 field 🐕 of red ti-ti flower , two'.split()


def tree(rng, first, last, head, heads):
    """Random projective tree over first..last under head."""
    root = rng.randint(first, last)
    heads[root] = root if head is None else head
    for low, high in ((first, root - 1), (root + 1, last)):
        while low <= high:
            cut = rng.randint(low, high)
            tree(rng, low, cut, root, heads)
            low = cut + 1


def sentence(rng, offset):
    count = rng.randint(1, 12)
    heads = {}
    tree(rng, 0, count - 1, None, heads)
    return [heads[i] + offset for i in range(count)]


def trimmed_end(head):
    if head.dep_ == 'conj' or any(child.dep_ == 'conj' for child in head.children):
        return None
    inside = [token for token in head.subtree if token.i >= head.i]
    while inside[-1].i > head.i and (inside[-1].pos_ in ('PUNCT', 'SPACE') or inside[-1].dep_ == 'punct'):
        inside.pop()
    return inside[-1].idx + len(inside[-1])


def main():
    rng = random.Random(5)
    vocab = spacy.blank('en').vocab
    cases = []
    for _ in range(60):
        heads = []
        for _ in range(rng.randint(1, 2)):
            heads += sentence(rng, len(heads))
        words = [rng.choice(WORDS) for _ in heads]
        deps = ['ROOT' if head == i else rng.choice(DEPS) for i, head in enumerate(heads)]
        pos = [rng.choice(POS) for _ in heads]
        spaces = [rng.random() < 0.9 for _ in heads]
        doc = Doc(vocab, words=words, spaces=spaces, heads=heads, deps=deps, pos=pos, lemmas=words)
        chunks = [[c.start_char, c.end_char, trimmed_end(c.root)] for c in doc.noun_chunks]
        document = doc.to_json()
        keep = ('start', 'end', 'pos', 'lemma', 'dep', 'head')
        document = {'text': document['text'], 'tokens': [{k: t[k] for k in keep} for t in document['tokens']]}
        cases.append({**document, 'noun_chunks': chunks})
    with open('spacy.json', 'w', encoding='utf-8') as file:
        json.dump(cases, file, ensure_ascii=False, separators=(',', ':'))


main()
