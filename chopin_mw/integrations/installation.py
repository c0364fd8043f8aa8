"""What `install_json` tells about its work."""

from dataclasses import dataclass


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
