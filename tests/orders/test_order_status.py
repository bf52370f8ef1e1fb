"""The status of an order is a function of its parts."""

from __future__ import annotations

import pytest

from domain.orders.status import (
    STEPS,
    BundlePolicy,
    OrderStatus,
    PartStatus,
    Phase,
    order_status,
    together,
)

S = PartStatus


@pytest.mark.parametrize(
    ("parts", "policy", "whole"),
    [
        ([S.FULFILLED], None, S.FULFILLED),
        ([S.FULFILLED, S.FULFILLED], BundlePolicy.ALL_OR_NOTHING, S.FULFILLED),
        ([S.FULFILLED, S.PENDING], None, S.FULFILLING),
        ([S.PENDING, S.PENDING], None, S.PENDING),
        ([S.FULFILLED, S.FAILED], None, S.PARTIALLY_FULFILLED),
        ([S.FULFILLED, S.FAILED], BundlePolicy.BEST_EFFORT, S.PARTIALLY_FULFILLED),
        ([S.FULFILLED, S.FAILED], BundlePolicy.ALL_OR_NOTHING, S.FAILED),
        ([S.FULFILLED, S.PARTIALLY_FULFILLED], BundlePolicy.ALL_OR_NOTHING, S.FAILED),
        ([S.FULFILLING, S.FAILED], BundlePolicy.ALL_OR_NOTHING, S.FULFILLING),
        ([S.FAILED, S.FAILED], BundlePolicy.BEST_EFFORT, S.FAILED),
        ([S.FULFILLING, S.FAILED], None, S.FULFILLING),
    ],
)
def test_parts_amount_to_one_status(
    parts: list[PartStatus], policy: BundlePolicy | None, whole: PartStatus
) -> None:
    assert together(parts, policy) is whole


@pytest.mark.parametrize(
    ("phase", "lines", "status"),
    [
        (Phase.HELD, [S.AWAITING_PAYMENT], OrderStatus.RISK_HOLD),
        (Phase.OPEN, [S.AWAITING_PAYMENT], OrderStatus.AWAITING_PAYMENT),
        (Phase.CANCELLED, [S.CANCELLED], OrderStatus.CANCELLED),
        (Phase.EXPIRED, [S.CANCELLED], OrderStatus.EXPIRED),
        (Phase.PAID, [S.PENDING], OrderStatus.PAID),
        (Phase.PAID, [S.PENDING, S.FULFILLED], OrderStatus.FULFILLING),
        (Phase.PAID, [S.FULFILLED], OrderStatus.FULFILLED),
        (Phase.PAID, [S.FULFILLED, S.FAILED], OrderStatus.PARTIALLY_FULFILLED),
        (Phase.PAID, [S.FAILED], OrderStatus.FAILED),
    ],
)
def test_an_order_is_what_its_phase_and_lines_make_of_it(
    phase: Phase, lines: list[PartStatus], status: OrderStatus
) -> None:
    assert order_status(phase, lines) is status


def test_every_status_of_a_part_has_its_steps_and_ended_ones_stay() -> None:
    assert set(STEPS) == set(PartStatus)
    assert STEPS[S.FAILED] == STEPS[S.CANCELLED] == frozenset()
