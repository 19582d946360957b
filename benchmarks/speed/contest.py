"""Who is ahead: each contender's time per model divided by the library's."""

from typing import Any

from .training import FLOORS

# Sections with contenders, and what must be the same where two of them are compared.
GROUPS: dict[str, tuple[str, ...]] = {
    "step": ("batch",),
    "plane": ("pairs",),
    "level": (),
    "sampling": ("method", "points"),
    "likelihood": ("dimension",),
    "pairs": ("points",),
}


def contest(sections: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Time per model divided by that of the library: above 1 the library is faster. The first ratio is for equal
    numbers of members, where that was measured; the second for the number with which the library takes least per
    model."""
    rows = []
    for section, group in GROUPS.items():
        ours = [row for row in sections[section] if row["who"] == "gen_lib"]
        for row in (row for row in sections[section] if row["who"] != "gen_lib"):
            peers = [own for own in ours if all(own[name] == row[name] for name in group)]
            best = min(own["ms per model"] for own in peers)
            equal = [own["ms per model"] for own in peers if own["members"] == row["members"]]
            where = ", ".join(f"{name} {row[name]}" for name in group)
            rows.append(
                {"section": section, "where": where, "who": row["who"], "members": row["members"]}
                | {"ratio, equal members": row["ms per model"] / equal[0] if equal else None}
                | {"ratio, per model": None if row["who"] in FLOORS else row["ms per model"] / best}
            )
    return rows
