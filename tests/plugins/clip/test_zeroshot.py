from __future__ import annotations

import numpy as np
import pytest
from ascendc_plugins.clip import retrieval
from ascendc_plugins.clip.zeroshot import judge


@pytest.fixture
def embeds():
    """As random weights give them: nearly alike, since a large part is common to all."""
    rng = np.random.default_rng(0)
    common = rng.standard_normal(32) * 20
    return {part: common + rng.standard_normal((14, 32)) for part in ("image", "text")}


def noisy(embeds, scale):
    rng = np.random.default_rng(1)
    return {part: rows + scale * rng.standard_normal(rows.shape) for part, rows in embeds.items()}


def test_the_same_but_for_rounding(embeds):
    verdict = judge(embeds, noisy(embeds, 1e-3))
    assert verdict.ok
    assert verdict.summary == "images found again 14 of 14, texts found again 14 of 14, top-1 agrees 11 of 11"
    figures = dict(verdict.figures)
    agreements = [value for name, value in figures.items() if "again" in name or "agrees" in name]
    assert agreements == [1.0] * 8
    assert figures["rank correlation, least"] > 0.99
    assert figures["recall@5 image→text, reference"] == figures["recall@5 image→text, candidate"] > 0


def test_recalls_are_of_pairs_both_ways():
    """Pictures 0 and 1 show each other's texts; text 2 is nearest to picture 1, and picture 2 to its own text."""
    similarities = np.array([[0.1, 0.9, 0.0], [0.8, 0.2, 0.7], [0.0, 0.3, 0.6]])
    figures = dict(retrieval.recalls(similarities, similarities[[1, 0, 2]]))
    assert figures == {
        "recall@1 image→text, reference": pytest.approx(1 / 3),
        "recall@1 image→text, candidate": 1.0,
        "recall@1 text→image, reference": 0.0,
        "recall@1 text→image, candidate": pytest.approx(2 / 3),
    }
    [there, back] = retrieval.agreements(similarities, similarities[[1, 0, 2]])
    assert (str(there), there.ok) == ("recall@1 image→text agrees 1 of 3", False)
    assert (str(back), back.ok) == ("recall@1 text→image agrees 1 of 3", False)


def test_unequal_numbers_of_pictures_and_texts_are_no_pairs():
    assert list(retrieval.agreements(np.eye(3)[:2], np.eye(3)[:2])) == []


def test_the_five_best_texts_are_a_set():
    """Two texts that change places within the five best are nothing to it; a sixth that comes in is."""
    angles = np.linspace(0.1, 1.4, 8)
    text = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    reference = {"image": np.array([[1.0, 0.0], [1.0, 0.0]]), "text": text}
    assert "top-5" not in judge(reference, {**reference, "text": text[[0, 2, 1, 3, 4, 5, 6, 7]]}).summary
    assert ", top-5 agrees 0 of 2" in judge(reference, {**reference, "text": text[[0, 1, 2, 3, 5, 4, 6, 7]]}).summary


def test_equal_ranks_share_their_mean():
    """As scipy.stats.spearmanr has it: 0.9486832980505138."""
    found = retrieval.least_rank_correlation(np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([[1.0, 2.0, 2.0, 4.0]]))
    assert found == pytest.approx(0.9486832980505138)
    assert retrieval.least_rank_correlation(np.ones((1, 3)), np.ones((1, 3))) == 1


def test_one_tower_alone(embeds):
    alone = {"image": embeds["image"]}
    assert judge(alone, noisy(alone, 1e-3)).summary == "images found again 14 of 14"
    assert not judge(alone, {"image": embeds["image"][::-1]}).ok


def test_the_failure_a_cosine_does_not_see_what_differs(embeds):
    """Pictures given each other's embeddings: the cosine hardly moves."""
    wrong = {**embeds, "image": np.roll(embeds["image"], 1, axis=0)}
    a, b = embeds["image"], wrong["image"]
    cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert cosines.min() > 0.99
    verdict = judge(embeds, wrong)
    assert not verdict.ok
    assert verdict.summary.startswith("images found again 0 of 14")


def test_a_swapped_projection_shows_only_jointly(embeds):
    turned = np.linalg.qr(np.random.default_rng(2).standard_normal((32, 32)))[0]
    middle = embeds["text"].mean(axis=0)
    verdict = judge(embeds, {**embeds, "text": (embeds["text"] - middle) @ turned * 0.1 + embeds["text"]})
    assert "texts found again 14 of 14" in verdict.summary
    assert not judge(embeds, {**embeds, "text": embeds["text"] @ turned}).ok


def test_pictures_between_two_texts_decide_nothing():
    image = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.2]])
    text = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    nudged = image + np.array([[-0.001, 0.001, 0], [0, 0, 0]])
    verdict = judge({"image": image, "text": text}, {"image": nudged, "text": text})
    assert verdict.ok
    assert verdict.summary.endswith("top-1 agrees 1 of 1")


@pytest.mark.parametrize(
    ("broken", "summary"),
    [
        ({"image": np.full((14, 32), np.nan)}, "embeddings of image cannot be compared"),
        ({"image": np.zeros((14, 31))}, "embeddings of image cannot be compared"),
        ({}, "embeddings of no part cannot be compared"),
    ],
)
def test_what_cannot_be_compared_is_refused(embeds, broken, summary):
    verdict = judge(embeds, broken)
    assert (verdict.ok, verdict.summary) == (False, summary)


def test_embeddings_that_are_all_alike_are_refused():
    same = {"image": np.ones((3, 4)), "text": np.ones((3, 4))}
    assert not judge(same, same).ok


def test_one_sample_tells_no_tower_from_another(embeds):
    """Taken off itself nothing is left: what was not asked is not said to be found."""
    one = {part: rows[:1] for part, rows in embeds.items()}
    verdict = judge(one, {part: -rows for part, rows in one.items()})
    assert (verdict.ok, verdict.summary) == (True, "images found again 0 of 0, texts found again 0 of 0")


def test_one_picture_keeps_its_best_text(embeds):
    one = {"image": embeds["image"][:1], "text": embeds["text"]}
    assert judge(one, one).summary.endswith("top-1 agrees 1 of 1")
    verdict = judge(one, {**one, "image": -one["image"]})
    assert (verdict.ok, verdict.summary.count("top-1 agrees 0 of 1")) == (False, 1)


@pytest.mark.parametrize("rounded", [0, 1e-8])
def test_a_tower_whose_samples_are_all_alike_is_refused(rounded):
    rows = np.random.default_rng(0).standard_normal((1, 32)) * np.ones((7, 1))
    rows = (rows + rounded * np.random.default_rng(1).standard_normal((7, 32))).astype(np.float32)
    verdict = judge({"text": rows}, {"text": rows})
    assert (verdict.ok, verdict.summary) == (False, "texts found again 0 of 0")


def test_a_sample_that_repeats_another_is_found_with_it(embeds):
    rows = np.concatenate([embeds["text"], embeds["text"][:3]])
    again = noisy({"text": rows}, 1e-3)
    assert judge({"text": rows}, again).summary == "texts found again 17 of 17"
    assert judge({"text": rows}, {"text": again["text"][::-1]}).ok is False


def test_two_pictures_that_were_swapped_are_told(embeds):
    rows = embeds["image"][[1, 0, *range(2, 14)]]
    assert judge({"image": embeds["image"]}, {"image": rows}).summary == "images found again 12 of 14"


def test_few_texts(embeds):
    """Two labels: a picture half way between them, which any margin would decide by itself, is left out."""
    two = {"image": embeds["image"], "text": embeds["text"][:2]}
    middle = two["text"] / np.linalg.norm(two["text"], axis=1, keepdims=True)
    between = middle.mean(axis=0) * np.linalg.norm(two["image"][0])
    nudge = 1e-4 * (middle[1] - middle[0]) * np.linalg.norm(between)
    wanted = {**two, "image": np.concatenate([two["image"], [between - nudge]])}
    got = {**two, "image": np.concatenate([two["image"], [between + nudge]])}
    verdict = judge(wanted, got)
    assert verdict.ok
    assert verdict.summary.endswith("top-1 agrees 12 of 12")
    assert {name for name, _ in verdict.figures} == {
        "images found again",
        "texts found again",
        "top-1 agrees",
        "rank correlation, least",
    }


def test_one_text_is_every_pictures_best(embeds):
    one = {"image": embeds["image"], "text": embeds["text"][:1]}
    assert judge(one, one).summary == "images found again 14 of 14, texts found again 0 of 0"
