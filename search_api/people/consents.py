"""What people may agree to. Nothing here is needed to search, to sign in, or to save anything."""

from __future__ import annotations

from typing import Literal, get_args

#: Mails and WeChat messages about what one follows; and that recommendations follow what one reads.
Purpose = Literal["email", "wechat_messages", "learn_from_reading"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
