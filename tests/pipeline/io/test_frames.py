from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.io.frames import Frame, FrameError, Incoming, Limits, packed

LIMITS = Limits(header=200, body=300)
LABELS = st.text(st.characters(max_codepoint=127), max_size=20)
FRAMES = st.builds(
    Frame, label=LABELS, header=st.binary(max_size=200), body=st.binary(max_size=300)
)


@settings(max_examples=100)
@given(st.lists(FRAMES, min_size=1, max_size=4), st.data())
def test_frames_arrive_whole_however_they_are_cut(frames: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(packed(frame, LIMITS) for frame in frames)
    incoming = Incoming(LIMITS)
    arrived = []

    while stream:
        size = data.draw(st.integers(min_value=1, max_value=incoming.missing))
        piece, stream = stream[:size], stream[size:]
        if (frame := incoming.add(piece)) is not None:
            arrived.append(frame)

    assert arrived == frames


@pytest.mark.parametrize("frame", [Frame(label="x", header=b"x" * 201), Frame(label="x" * 256)])
def test_a_frame_over_its_limits_is_not_sent(frame: Frame) -> None:
    with pytest.raises(FrameError, match="over the limit"):
        packed(frame, LIMITS)


def test_a_length_over_the_limit_is_refused_before_anything_of_that_length_is_read() -> None:
    with pytest.raises(FrameError, match="a body of 4,294,967,295 bytes"):
        Incoming(LIMITS).add(b"\x00\x00\x00\x00\x00\xff\xff\xff\xff")


@settings(max_examples=200)
@given(st.binary(max_size=40))
def test_noise_is_refused_or_waited_for(noise: bytes) -> None:
    incoming = Incoming(LIMITS)

    try:
        while noise:
            size = incoming.missing
            incoming.add(noise[:size])
            noise = noise[size:]
    except FrameError:
        return

    assert 0 < incoming.missing <= 9 + 255 + 200 + 300
