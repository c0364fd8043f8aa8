"""The citizenship suite bites: every one-defect middleware is found by the case named for it."""

import pytest

from middleware.cases import run
from middleware.citizens import CITIZENS
from middleware.defects import DEFECTS, Defect


@pytest.mark.parametrize(
    "defect", DEFECTS, ids=lambda defect: f"{defect.citizen.name}-{defect.caught_by.__name__}"
)
async def test_defect_is_found(defect: Defect) -> None:
    """A bad citizen fails its case, which a middleware that does nothing passes."""
    await run(defect.caught_by, CITIZENS[0])

    with pytest.raises(Exception) as found:
        await run(defect.caught_by, defect.citizen)

    assert found.type is not TimeoutError, "found only by running out of time"
