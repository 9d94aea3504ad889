"""The kinds of problems that have a name, with an address that explains them; all others are ``about:blank``."""

from __future__ import annotations

from dataclasses import dataclass

SLOW_DOWN, DAILY_QUOTA, UNKNOWN_TOKEN = "slow-down", "daily-quota", "unknown-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemType:
    """A kind of problem, explained in both languages of the pages."""

    status: int
    title_en: str
    text_en: str
    title_zh: str
    text_zh: str


TYPES = {
    SLOW_DOWN: ProblemType(
        status=429,
        title_en="Slow down",
        text_en="Too many requests came within a minute. Wait as long as Retry-After says, then go on. The headers "
        "RateLimit and RateLimit-Policy of every answer, and /v1/limits, tell how much is left. A token from the "
        "library is counted alone, whatever others on your network do.",
        title_zh="请稍慢一些",
        text_zh="一分钟之内的请求过多。请按 Retry-After 所示的秒数等待后再继续。每个应答的 RateLimit 与 "
        "RateLimit-Policy 头以及 /v1/limits 都会说明余量。"
        "持有图书馆发给的令牌者单独计数，不受同一网络其他人的影响。",
    ),
    DAILY_QUOTA: ProblemType(
        status=429,
        title_en="The daily quota is used up",
        text_en="All requests that this token or address may send in a day were sent. The problem's detail tells until "
        "when; asking more slowly does not help before. Ask the library for a token, or for more.",
        title_zh="今日配额已用完",
        text_zh="此令牌或此地址一天之内可发送的请求已全部用完。恢复时间见 detail；"
        "在此之前放慢速度无济于事。可向图书馆申请令牌或更多配额。",
    ),
    UNKNOWN_TOKEN: ProblemType(
        status=401,
        title_en="Unknown token",
        text_en="The token in Authorization is unknown, revoked or expired. It is never treated as if none had been "
        "sent. Send a valid one, or leave the header out.",
        title_zh="令牌无效",
        text_zh="Authorization 中的令牌不存在、已撤销或已过期。"
        "系统不会把它当作未带令牌处理。请使用有效令牌，或去掉该请求头。",
    ),
}


def address_of(name: str) -> str:
    """Return a problem's ``type``: where it is explained (RFC 9457, 3.1.1: relative, so with its full path)."""
    return f"/problems/{name}"
