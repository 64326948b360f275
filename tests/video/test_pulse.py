"""Pulse: CHROM and POS by hand, traces of a known rate, and reasons where nothing is measurable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import periodogram

from benchmarks.moving_face import Beating, colour_of, portrait
from mien.errors import InputError
from mien.types import Image
from mien.video.pulse.colour_signals import band_passed, chrom, green, pos
from mien.video.pulse.reading import pulse
from mien.video.pulse.skin import REGIONS, SkinColour, skin_colour, skin_rgb
from mien.video.pulse.spectrum import strongest

RATE_HZ = 25.0
SKIN = np.array([180.0, 130.0, 110.0])
#: Relative strength of the pulse in R, G and B (de Haan and van Leest, 2014).
BEAT = np.array([0.33, 0.77, 0.53])


def trace(
    bpm: float, *, seconds: float = 12, strength: float = 0.005, noise: float = 0.02, seed: int = 0
) -> SkinColour:
    """Three regions of skin with one pulse, under light that drifts, with noise of their own."""
    generator = np.random.default_rng(seed)
    times = np.arange(round(seconds * RATE_HZ) + 1) / RATE_HZ
    beat = np.sin(2 * np.pi * bpm / 60 * times + generator.uniform(0, 6))
    light = 1 + 0.02 * np.sin(times)
    rgb = SKIN * (1 - strength * beat[:, None, None] * BEAT / 0.77) * light[:, None, None]
    rgb = np.repeat(rgb, 3, axis=1) + generator.normal(0, noise, (len(times), 3, 3))
    return SkinColour(times, rgb)


def test_pos_by_hand() -> None:
    # One window of three frames (1.6 s at 2 Hz), eqs. 15-19 of the paper, numbers by hand:
    # C / mean: R 1.1 .9 1, G 1 1.2 .8, B .9 1 1.1
    # S1 = G - B: .1 .2 -.3; S2 = G + B - 2R: -.3 .4 -.1
    # std(S1) / std(S2) = sqrt(.14 / 3) / sqrt(.26 / 3) = .733799
    # h = S1 + .733799 S2 = -.12014 .49352 -.37338, its mean is 0.
    rgb = np.array([[1.1, 1.0, 0.9], [0.9, 1.2, 1.0], [1.0, 0.8, 1.1]]) * SKIN
    raw = sliding_pos(rgb, 3)
    np.testing.assert_allclose(raw, [-0.12013986, 0.49351974, -0.37337987], atol=1e-7)
    longer = np.random.default_rng(0).uniform(0.98, 1.02, (100, 3)) * SKIN
    expected = band_passed(sliding_pos(longer, 40), RATE_HZ)
    np.testing.assert_allclose(pos(longer, RATE_HZ), expected, atol=1e-12)


def sliding_pos(rgb: np.ndarray, size: int) -> np.ndarray:
    """Algorithm 1 of Wang et al. (2017), in the words of its matrices."""
    projection = np.array([[0, 1, -1], [-2, 1, 1]])
    out = np.zeros(len(rgb))
    for end in range(size, len(rgb) + 1):
        window = rgb[end - size : end].T
        normal = np.diag(1 / window.mean(axis=1)) @ window
        s = projection @ normal
        h = s[0] + s[0].std() / s[1].std() * s[1]
        out[end - size : end] += h - h.mean()
    return out


def test_chrom_by_hand() -> None:
    # X = 3R - 2G, Y = 1.5R + G - 1.5B of band-passed normalised channels; the filter is linear, so
    # that it may come first: S = 3 (1 - a / 2) Rf - 2 (1 + a / 2) Gf + 3 a / 2 Bf (eq. 15).
    times = np.arange(250) / RATE_HZ
    waves = np.sin(2 * np.pi * np.array([1.2, 1.3, 2.1])[:, None] * times).T * [0.004, 0.01, 0.006]
    rgb = SKIN * (1 + waves)
    half = 20
    mean = np.array([rgb[max(i - half, 0) : i + half + 1].mean(axis=0) for i in range(250)])
    r, g, b = (band_passed((rgb / mean)[:, c], RATE_HZ) for c in range(3))
    out, hann = np.zeros(250), np.hanning(41)[:-1]
    for first in range(0, 211, 20):
        part = slice(first, first + 40)
        a = (3 * r - 2 * g)[part].std() / (1.5 * r + g - 1.5 * b)[part].std()
        s = 3 * (1 - a / 2) * r - 2 * (1 + a / 2) * g + 3 * a / 2 * b
        out[part] += hann * s[part]
    inner = slice(20, 220)
    np.testing.assert_allclose(chrom(rgb, RATE_HZ)[inner], out[inner], atol=1e-12)


@given(st.floats(0.5, 2.0))
def test_brightness_of_the_light_does_not_matter(factor: float) -> None:
    rgb = trace(72).rgb.mean(axis=1)
    for method in (green, chrom, pos):
        np.testing.assert_allclose(
            method(rgb * factor, RATE_HZ), method(rgb, RATE_HZ), rtol=1e-6, atol=1e-9
        )


def test_chrom_and_pos_ignore_light_that_flickers_and_green_does_not() -> None:
    times = np.arange(300) / RATE_HZ
    rgb = SKIN * (1 + 0.02 * np.sin(2 * np.pi * 1.5 * times))[:, None]
    assert np.abs(pos(rgb, RATE_HZ)).max() < 1e-9
    # CHROM's plane is that of white light on white skin.
    assert np.abs(chrom(rgb, RATE_HZ)).max() < 2e-3
    assert np.abs(green(rgb, RATE_HZ)).max() > 0.01


def test_the_band_and_the_strongest_frequency_in_it() -> None:
    times = np.arange(500) / RATE_HZ
    inside, below, above = (np.sin(2 * np.pi * f * times) for f in (1.5, 0.2, 6.0))
    got = band_passed(inside + 2 * below + 2 * above + 3 + times, RATE_HZ)
    np.testing.assert_allclose(got[50:-50], inside[50:-50], atol=0.06)
    peak = strongest(inside + 0.1 * np.random.default_rng(0).normal(size=500), RATE_HZ)
    frequency, power = periodogram(inside, RATE_HZ, "hann", 8000)
    assert peak.rate_hz == pytest.approx(frequency[power.argmax()], abs=0.01)
    assert peak.snr_db > 10
    flat = strongest(np.ones(100), RATE_HZ)
    assert (np.isnan(flat.rate_hz), flat.snr_db) == (True, -np.inf)


@pytest.mark.parametrize("bpm", [48, 72, 110, 180])
def test_a_known_rate(bpm: float) -> None:
    (reading,) = pulse(trace(bpm))
    assert reading.rate_bpm == pytest.approx(bpm, abs=1)
    assert reading.reason == ""
    assert set(reading.by_method) == {"green", "chrom", "pos"}
    assert set(reading.by_region) == set(REGIONS)


@settings(max_examples=10)
@given(st.integers(-8000, 8000))
def test_on_any_clock(eighths: int) -> None:
    colour = trace(72)
    (here,), (there,) = pulse(colour), pulse(SkinColour(colour.times_s + eighths / 8, colour.rgb))
    assert there.rate_bpm == pytest.approx(here.rate_bpm, abs=0.01)
    assert there.start_s == here.start_s + eighths / 8


def test_uneven_frames_and_lost_ones() -> None:
    colour = trace(72, seconds=20)
    generator = np.random.default_rng(3)
    kept = np.sort(generator.choice(len(colour.times_s), 380, replace=False))
    rgb = colour.rgb[kept].copy()
    rgb[generator.choice(380, 20, replace=False)] = np.nan
    for reading in pulse(SkinColour(colour.times_s[kept], rgb)):
        assert reading.rate_bpm == pytest.approx(72, abs=1.5)


def test_windows_do_not_span_gaps() -> None:
    colour = trace(72, seconds=40)
    rgb = colour.rgb.copy()
    rgb[(colour.times_s > 18) & (colour.times_s < 20)] = np.nan
    readings = pulse(SkinColour(colour.times_s, rgb), window_s=10, step_s=4)
    assert all(r.end_s <= 18 or r.start_s >= 20 for r in readings)
    assert [round(r.start_s) for r in readings] == [0, 4, 8, 20, 24, 28]
    assert all(r.rate_bpm == pytest.approx(72, abs=1.5) for r in readings)


@pytest.mark.parametrize(
    ("colour", "reason"),
    [
        (trace(72, seconds=5), "needs 8 s without a gap, got 5.0 s"),
        (skin_colour([]), "needs 8 s without a gap, got 0.0 s"),
        (skin_colour([(t / 25, None) for t in range(300)]), "needs 8 s without a gap, got 0.0 s"),
        (SkinColour(trace(72).times_s[::4], trace(72).rgb[::4]), "frames at 6.2 Hz, needs 12 Hz"),
        (trace(72, strength=0), "dB over noise"),
        (SkinColour(trace(72).times_s, np.full((301, 3, 3), 99.0)), "dB over noise"),
    ],
)
def test_not_measurable(colour: SkinColour, reason: str) -> None:
    (reading,) = pulse(colour)
    assert reading.rate_bpm is None
    assert reason in reading.reason


def test_regions_that_differ() -> None:
    parts = [trace(bpm, noise=0.002).rgb[:, :1] for bpm in (72, 95, 120)]
    (reading,) = pulse(SkinColour(trace(72).times_s, np.concatenate(parts, axis=1)))
    assert reading.rate_bpm is None
    one = trace(72).rgb.copy()
    one[:, :2] = np.nan
    (reading,) = pulse(SkinColour(trace(72).times_s, one))
    assert "two regions" in reading.reason


def test_noise_alone_is_not_measurable() -> None:
    # 100 traces without a pulse; docs/dynamics.md measures this on rendered faces.
    found = [pulse(trace(72, strength=0, seed=seed))[0] for seed in range(100)]
    assert sum(reading.rate_bpm is not None for reading in found) == 0


def test_windows_are_long_enough() -> None:
    with pytest.raises(InputError, match=r"expected 8\.0 s or more"):
        pulse(trace(72), window_s=5)


def test_colour_of_skin() -> None:
    pixels, mesh = portrait()
    rgb = skin_rgb(Image(pixels), mesh)
    assert rgb.shape == (3, 3)
    assert (rgb[:, 0] > rgb[:, 1]).all()
    assert (rgb[:, 1] > rgb[:, 2]).all()
    tinted = np.clip(pixels * np.array([1, 0.9, 1]), 0, 255).astype(np.uint8)
    np.testing.assert_allclose(skin_rgb(Image(tinted), mesh)[:, 1] / rgb[:, 1], 0.9, atol=0.005)
    away = mesh + np.array([1000, 0, 0])
    assert np.isnan(skin_rgb(Image(pixels), away)).all()
    white = Image(np.full_like(pixels, 255))
    assert np.isnan(skin_rgb(white, mesh)).all()


@pytest.mark.slow
@pytest.mark.parametrize("crf", [None, 18])
def test_a_rendered_clip(tmp_path: Path, crf: int | None) -> None:
    clip = Beating(rate_bpm=84, sway_px=4, seed=5)
    (reading,) = pulse(colour_of(clip, crf=crf, folder=tmp_path))
    # Compression takes some pulses away: then nothing is claimed.
    if crf is None or reading.rate_bpm is not None:
        assert reading.rate_bpm == pytest.approx(84, abs=2)
    (nothing,) = pulse(colour_of(Beating(strength=0, seed=5), crf=crf, folder=tmp_path))
    assert nothing.rate_bpm is None
