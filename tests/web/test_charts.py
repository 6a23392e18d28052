"""What stands beside bars: a few round values with their currency."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from app.web.charts import marks

if TYPE_CHECKING:
    from tests.web.browser import Browser


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        (0, []),
        (1, [(100, 1)]),
        (4, [(25, 1), (50, 2), (75, 3), (100, 4)]),
        (999_999, [(20, 200_000), (40, 400_000), (60, 600_000), (80, 800_000)]),
        (1_200_000, [(41, 500_000), (83, 1_000_000)]),
    ],
)
def test_a_scale_has_a_few_round_values(highest: int, expected: list[tuple[int, int]]) -> None:
    assert list(marks(highest)) == expected


def test_bars_stand_beside_a_scale_with_its_currency(own_mary: Browser) -> None:
    own_mary.portal.system.settle(amount="5000.00")
    scale = re.search(r'<svg class="scale".*?</svg>', own_mary.get("/overview?lang=et").text, re.DOTALL)
    assert scale
    assert ">2\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}€<" in scale[0]
