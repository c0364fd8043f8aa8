"""All cases of all tables, in the order of the tables' names."""

from conformance import (
    cases_age,
    cases_cache_status,
    cases_conditional,
    cases_expires,
    cases_fields,
    cases_freshness,
    cases_head,
    cases_heuristics,
    cases_invalidation,
    cases_ranges,
    cases_requests,
    cases_stale,
    cases_storing,
    cases_targeted,
    cases_validation,
    cases_vary,
)

CASES = tuple(
    case
    for table in (
        cases_age,
        cases_cache_status,
        cases_conditional,
        cases_expires,
        cases_fields,
        cases_freshness,
        cases_head,
        cases_heuristics,
        cases_invalidation,
        cases_ranges,
        cases_requests,
        cases_stale,
        cases_storing,
        cases_targeted,
        cases_validation,
        cases_vary,
    )
    for case in table.CASES
)
