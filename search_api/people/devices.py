"""What a device is called in the list of those that are signed in."""

from __future__ import annotations

LONGEST_DEVICE = 100
#: The first that a User-Agent names; the order matters, for most name several.
_PROGRAMS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("python", "Python"),
    ("curl", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("OpenHarmony", "HarmonyOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str) -> str:
    """Return a name that people recognise, such as ``Firefox, Windows``; no versions, which tell machines apart."""
    named = [next((shown for sign, shown in signs if sign in user_agent), None) for signs in (_PROGRAMS, _SYSTEMS)]
    return ", ".join(one for one in named if one) or "?"
