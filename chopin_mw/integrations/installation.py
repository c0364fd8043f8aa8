"""What `install_json` tells about its work."""

from dataclasses import dataclass

OWN_ANSWER = ("ProblemError", "the app has an answer of its own")


def answers_problems(*, envelope: bool) -> str:
    """Return what the report says where ProblemError is answered."""
    if envelope:
        return "ProblemError is answered in the envelope; successes have none from here"
    return "ProblemError is answered with problem details"


@dataclass(frozen=True, slots=True, kw_only=True)
class JSONInstallation:
    """Say what was changed in an app and what was left as it is, with the reason for each.

    `left_alone` holds pairs of a thing and the reason. Print it at start-up to see both.
    """

    framework: str
    changed: tuple[str, ...] = ()
    left_alone: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        lines = [f"install_json: {self.framework}"]
        lines += [f"  + {change}" for change in self.changed]
        lines += [f"  - left alone: {thing} ({reason})" for thing, reason in self.left_alone]
        return "\n".join(lines)
