"""The kinds of problems that have a name, with an address that explains them; all others are ``about:blank``."""

from __future__ import annotations

from dataclasses import dataclass

SLOW_DOWN, DAILY_QUOTA, UNKNOWN_TOKEN = "slow-down", "daily-quota", "unknown-token"
KEY_IN_USE, KEY_OF_ANOTHER = "key-in-use", "key-of-another"


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
    KEY_IN_USE: ProblemType(
        status=409,
        title_en="The request is under way",
        text_en="A request with this Idempotency-Key came before and is not answered yet. Wait as long as Retry-After "
        "says, and send it again: its answer will come, and it will not be done twice.",
        title_zh="该请求正在处理",
        text_zh="带有同一 Idempotency-Key 的请求已先到达，尚未应答。请按 Retry-After 所示等待后重发："
        "届时会得到它的应答，操作不会执行两次。",
    ),
    KEY_OF_ANOTHER: ProblemType(
        status=422,
        title_en="The key belongs to another request",
        text_en="This Idempotency-Key was sent with another request within the last 24 hours. Each new request needs a "
        "new key, such as a random UUID; only a repetition keeps its own.",
        title_zh="该键属于另一个请求",
        text_zh="在过去 24 小时内，这个 Idempotency-Key 已用于另一个请求。每个新请求都需要新的键（例如随机 UUID），"
        "只有重发同一请求时才沿用原来的键。",
    ),
}


def address_of(name: str) -> str:
    """Return a problem's ``type``: where it is explained (RFC 9457, 3.1.1: relative, so with its full path)."""
    return f"/problems/{name}"
