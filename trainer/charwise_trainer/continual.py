"""What has changed since a model was trained, and how much of a training that is worth.

The changed text comes first and is read a few times, beside a replay of the rest (mixture.py). A little text needs a
little training: seconds for a save, not minutes. When many such have added up, one training is whole again. Knows
nothing of models; pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from charwise_trainer.corpus import END, CorpusFile, encode_header
from charwise_trainer.learned import Digests, Span, digest, fresh

READINGS = 3
"""Times that changed text is read before it counts as learned."""

CONTEXT = 256
"""Characters before changed text that are read along with it: what it follows from."""
LONGEST_PIECE = 4_000
"""Characters of changed text read in one go: a new file is many such pieces, side by side."""

WHOLE_SHARE = 0.1
"""Of the corpus: when so much has changed since the last whole training, the next one is whole."""

HELD_OUT_SHARE = 1 / 8
"""Of the changed text is kept aside in one training, to measure on, and learned in the next."""
FEWEST_PASSAGES = 8
"""Of fewer changed passages none is kept aside: what was just written is to be learned."""


@dataclass(frozen=True)
class Changes:
    """The changed text of a corpus, and the corpus without what is kept aside of that."""

    files: Sequence[CorpusFile]  # to learn from
    spans: Sequence[Sequence[Span]]  # of changed text, for each of the files
    held_out: Sequence[CorpusFile]  # changed passages to measure on

    @property
    def characters(self) -> int:
        """How many have changed, without those held out."""
        return sum(end - begin for spans in self.spans for begin, end in spans)

    def pieces(self) -> list[bytes]:
        """Return the changed text as the model reads it: header, context, text, and the end mark at a file's end."""
        return [
            _piece(file, begin, end)
            for file, spans in zip(self.files, self.spans, strict=True)
            for begin, end in _cut(_joined(spans))
        ]


def find(files: Sequence[CorpusFile], known: Digests, salt: int) -> Changes:
    """Return what of these files is not known; the salt chooses what of it is kept aside this time."""
    spans = [fresh(file.data, known) for file in files]
    if sum(map(len, spans)) < FEWEST_PASSAGES:
        return Changes(files, spans, [])
    aside = [[span for span in each if _is_aside(file, span, salt)] for file, each in zip(files, spans, strict=True)]
    held_out = [
        replace(file, data=file.data[begin:end], hidden_lines=0)
        for file, each in zip(files, aside, strict=True)
        for begin, end in each
    ]
    left = [_without(file, each) for file, each in zip(files, aside, strict=True)]
    return Changes(left, [fresh(file.data, known) for file in left], held_out)


def is_small(changed: int, before: int, corpus: int) -> bool:
    """Whether changed characters, with those learned since the last whole training, are not yet worth a whole one."""
    return changed + before < WHOLE_SHARE * corpus


def _is_aside(file: CorpusFile, span: Span, salt: int) -> bool:
    passage = file.data[span[0] : span[1]]
    return digest(salt.to_bytes(8, "little") + passage) < HELD_OUT_SHARE * 2**64


def _without(file: CorpusFile, spans: Sequence[Span]) -> CorpusFile:
    """Return the file without these passages."""
    for begin, end in reversed(spans):
        file = replace(file, data=file.data[:begin] + file.data[end:])
    return file


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Return the spans with those that touch made one."""
    joined: list[Span] = []
    for begin, end in spans:
        if joined and joined[-1][1] == begin:
            begin = joined.pop()[0]  # noqa: PLW2901 - the one before goes on
        joined.append((begin, end))
    return joined


def _cut(spans: Sequence[Span]) -> list[Span]:
    """Return the spans in parts of LONGEST_PIECE at most."""
    return [(at, min(at + LONGEST_PIECE, end)) for begin, end in spans for at in range(begin, end, LONGEST_PIECE)]


def _piece(file: CorpusFile, begin: int, end: int) -> bytes:
    start = max(0, begin - CONTEXT)
    start = file.data.rfind(b"\n", 0, start) + 1 if start else 0
    start = start if begin - start <= 2 * CONTEXT else begin - CONTEXT  # a line without end is no context
    return encode_header(file.name) + file.data[start:end] + (END if end == len(file.data) else b"")
